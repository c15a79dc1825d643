import { NodeRegistry, sweepMs } from '../../../lib/registry/registry.js'
import { ManualClock } from '../../support/clock.js'
import { infoWith } from '../node/fixtures.js'
import type { Announcement, Verdict } from '../../../lib/registry/announcement.js'
import type { OfferRules } from '../../../lib/registry/snapshot.js'
import type { Node, NodeChange, NodeInfo, NodeStatus } from '../../../types/index.js'

export const ttlMs = 3000
export const rules: OfferRules = { slowStartMs: 10_000, panicThreshold: 0.5 }

/** `a` is at 10.0.0.1, `b` at 10.0.0.2, … */
export const originOfId = (id: string): string => `http://10.0.0.${id.charCodeAt(0) - 96}:3000`

export type Message = Partial<Omit<Announcement, 'info'>> & { readonly info?: Partial<NodeInfo> }

/** What node `id` says: that it is up, without counting, for a lease of 3 s. */
export function messageOf (id: string, { info = {}, ...given }: Message = {}): Announcement {
  return { info: infoWith({ id, origin: originOfId(id), ...info }), state: 'up', incarnation: null, seq: null, load: null, ttlMs, heardHere: true, ...given }
}

export interface RegistryFixture {
  readonly clock: ManualClock
  readonly registry: NodeRegistry
  /** Every change as `id from>to reason`, the oldest first. */
  readonly changes: string[]
  readonly gone: Node[]
  /** What happened since the last call. */
  readonly taken: () => string[]
  readonly say: (id: string, message?: Message) => Verdict
  readonly node: (id: string) => Node
  readonly status: (id: string) => NodeStatus
  /** The ids that are offered now. */
  readonly offered: () => string[]
}

interface RegistryWith {
  readonly configured?: readonly string[]
  readonly offer?: Partial<OfferRules>
  /** Static nodes of the service orders. */
  readonly nodes?: ReadonlyArray<Partial<NodeInfo> & Pick<NodeInfo, 'id'>>
  /** How long the gateway ran before; by default so long that new nodes warm up. */
  readonly ageMs?: number
  /** false: nobody sweeps. */
  readonly swept?: boolean
}

/** A registry on a manual clock, swept as the gateway does it. */
export function registryWith ({ configured = ['orders'], offer = {}, nodes = [], ageMs = 3_600_000, swept = true }: RegistryWith = {}): RegistryFixture {
  const clock = new ManualClock()
  const registry = new NodeRegistry(clock, configured, () => ({ ...rules, ...offer }))
  const changes: string[] = []
  const gone: Node[] = []
  registry.onChange(change => changes.push(textOf(change)))
  registry.onGone(node => gone.push(node))
  for (const info of nodes) registry.configure(infoWith({ origin: originOfId(info.id), static: true, ...info }))
  clock.advance(ageMs)
  registry.sweep()
  if (swept) clock.every(sweepMs, () => registry.sweep())
  const node = (id: string): Node => known(registry.node('orders', id), id)
  return {
    clock,
    registry,
    changes,
    gone,
    taken: () => changes.splice(0),
    say: (id, message) => registry.announce(messageOf(id, message)),
    node,
    status: id => known(registry.nodes('orders').find(each => each.id === id), id),
    offered: () => registry.snapshot('orders')?.candidates.map(candidate => candidate.node.info.id) ?? []
  }
}

export const textOf = ({ id, from, to, reason }: NodeChange): string => `${id} ${from ?? ''}>${to ?? ''} ${reason}`

function known<T> (found: T | undefined, id: string): T {
  if (found === undefined) throw new Error(`no node '${id}'`)
  return found
}
