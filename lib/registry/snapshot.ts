import { stateOf } from '../node/state.js'
import { slowStartFactor } from '../node/weight.js'
import type { Node, NodeState } from '../../types/node.js'
import type { Candidate } from '../../types/strategy.js'

/** What the registry must know of a service to say who may be offered. */
export interface OfferRules {
  readonly slowStartMs: number
  readonly panicThreshold: number
}

/** Who may be offered a request of a service, until something changes. Immutable: what is derived from it may be kept for it. */
export interface Snapshot {
  readonly candidates: readonly Candidate[]
  /** Those of the candidates that are in slow start. */
  readonly warming: readonly Candidate[]
  /** Fewer healthy nodes than the panic threshold, so doubtful ones are among the candidates. */
  readonly panic: boolean
  /** Every node has weight 0, so all count the same. */
  readonly equalized: boolean
  /** There are nodes with leases, and all leases are over: no heartbeat comes through any more. */
  readonly heartbeatsLost: boolean
  /** The instant at which it must be made again, unless the registry changed before. */
  readonly validUntil: number
}

/** While a node warms up its weight changes all the time; this often is exact enough. */
const warmingStepMs = 100

interface Member { readonly node: Node, readonly state: NodeState }

/** Filters and weighs the nodes of a service: the only place that knows which states are offered. */
export function snapshotOf (nodes: Iterable<Node>, now: number, rules: OfferRules): Snapshot {
  const members: Member[] = []
  for (const node of nodes) members.push({ node, state: stateOf(node, now, rules.slowStartMs) })

  const equalized = members.length > 0 && members.every(({ node }) => node.info.weight === 0)
  const { offered, panic } = offeredOf(members.filter(({ node }) => equalized || node.info.weight > 0), rules.panicThreshold)
  const leased = members.filter(({ node }) => node.leaseUntil !== Infinity)
  const heartbeatsLost = leased.length > 0 && leased.every(({ state }) => state === 'expired')
  const candidates: Candidate[] = []
  const warming: Candidate[] = []
  for (const { node, state } of offered) {
    const factor = state === 'warming' ? slowStartFactor(node, now, rules.slowStartMs) : 1
    const weight = (equalized ? 1 : node.info.weight) * factor
    const candidate = Object.freeze({ node, weight })
    candidates.push(candidate)
    if (state === 'warming') warming.push(candidate)
  }
  return Object.freeze({ candidates: Object.freeze(candidates), warming: Object.freeze(warming), panic, equalized, heartbeatsLost, validUntil: validUntilOf(members, now, rules) })
}

function offeredOf (members: readonly Member[], panicThreshold: number): { offered: readonly Member[], panic: boolean } {
  const staying = members.filter(({ node }) => !node.draining && !node.drainRequested)
  const healthy = staying.filter(({ state }) => state === 'up' || state === 'warming')
  const panic = staying.length > 0 && healthy.length / staying.length < panicThreshold
  const offered = panic ? staying : healthy
  return { offered: offered.length > 0 ? offered : members.filter(({ state }) => state === 'draining'), panic }
}

function validUntilOf (members: readonly Member[], now: number, { slowStartMs }: OfferRules): number {
  let validUntil = Infinity
  for (const { node, state } of members) {
    if (now < node.leaseUntil) validUntil = Math.min(validUntil, node.leaseUntil)
    if (state === 'ejected' && now < node.ejectedUntil) validUntil = Math.min(validUntil, node.ejectedUntil)
    if (state === 'warming') validUntil = Math.min(validUntil, now + warmingStepMs, node.upSince + slowStartMs)
  }
  return validUntil
}
