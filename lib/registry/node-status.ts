import { stateOf } from '../node/state.js'
import { reasonOfTime } from './reason-of-time.js'
import type { Entry } from './service-nodes.js'
import type { OfferRules } from './snapshot.js'
import type { Node } from '../../types/node.js'
import type { NodeStatus } from '../../types/status.js'

/** A node as people and programs are told of it. `weights`: what the nodes that are offered now are picked with. */
export function nodeStatusOf (entry: Entry, now: number, rules: OfferRules, weights: ReadonlyMap<Node, number>): NodeStatus {
  const { node } = entry
  const { info } = node
  const state = stateOf(node, now, rules.slowStartMs)
  return {
    id: info.id,
    service: info.service,
    origin: info.origin,
    state,
    reason: state === 'up' ? null : state === entry.state ? entry.reason : reasonOfTime(entry, now),
    weight: info.weight,
    effectiveWeight: weights.get(node) ?? 0,
    inFlight: node.inFlight,
    leaseMs: node.leaseUntil === Infinity ? null : Math.max(0, Math.round(node.leaseUntil - now)),
    ejectedMs: now < node.ejectedUntil ? Math.round(node.ejectedUntil - now) : null,
    zone: info.zone,
    version: info.version,
    tags: info.tags,
    static: info.static,
    load: node.load
  }
}
