import { setImmediate } from 'node:timers/promises'
import { NodeRegistry, sweepMs } from '../../../lib/registry/registry.js'
import { Sync } from '../../../lib/sync/sync.js'
import { ManualClock } from '../../support/clock.js'
import { SharedMemory } from '../../support/shared-memory.js'
import { infoWith } from '../node/fixtures.js'
import { messageOf, textOf } from '../registry/fixtures.js'
import type { Message } from '../registry/fixtures.js'
import type { NodeInfo, NodeStatus, RegistryStore, StoreChanges } from '../../../types/index.js'
import type { Random } from '../../../types/clock.js'
import type { StoredLease } from '../../../types/store.js'

/** Lets what is promised happen. */
export async function settled (rounds: number = 3): Promise<void> {
  for (let round = 0; round < rounds; round++) await setImmediate()
}

/** Lets time pass on all clocks together, in small steps, so that what is promised happens meanwhile. */
export async function pass (clocks: readonly ManualClock[], ms: number, stepMs: number = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const clock of clocks) clock.advance(Math.min(stepMs, ms - passed))
    await settled()
  }
}

export interface Member {
  readonly sync: Sync
  readonly registry: NodeRegistry
  readonly clock: ManualClock
  /** What the log would say of the store. */
  readonly log: string[]
  readonly changes: string[]
  /** A node beats this gateway. */
  readonly say: (id: string, message?: Message) => ReturnType<Sync['announce']>
  readonly status: (id: string) => NodeStatus | undefined
  readonly states: () => Record<string, string>
}

export interface MemberWith {
  readonly id?: string
  readonly machine?: string
  readonly clock?: ManualClock
  readonly random?: Random
  /** Static nodes of the service orders. */
  readonly nodes?: ReadonlyArray<Partial<NodeInfo> & Pick<NodeInfo, 'id' | 'origin'>>
}

/** A gateway's registry with its sync, swept as the gateway does it; not started. Its nodes need no slow start. */
export function memberOn (store: RegistryStore, { id = 'gateway-1', machine = 'here', clock = new ManualClock(), random = () => 0.5, nodes = [] }: MemberWith = {}): Member {
  const registry = new NodeRegistry(clock, ['orders'], () => ({ slowStartMs: 0, panicThreshold: 0 }))
  for (const info of nodes) registry.configure(infoWith({ static: true, ...info }))
  const log: string[] = []
  const changes: string[] = []
  registry.onChange(change => changes.push(textOf(change)))
  clock.every(sweepMs, () => registry.sweep())
  const sync = new Sync({
    id,
    machine,
    store,
    registry,
    clock,
    random,
    troubled: error => log.push(error === null ? 'back' : `away: ${error.message}`),
    refused: (_what, error) => log.push(`refused: ${error.message}`)
  })
  const status = (node: string): NodeStatus | undefined => registry.nodes('orders').find(each => each.id === node)
  const states = (): Record<string, string> => Object.fromEntries(registry.nodes('orders').map(node => [node.id, node.state]))
  return { sync, registry, clock, log, changes, say: (node, message) => sync.announce(messageOf(node, message)), status, states }
}

export interface Fleet {
  readonly memory: SharedMemory
  readonly members: readonly Member[]
  /** Lets time pass for all. */
  readonly pass: (ms: number, stepMs?: number) => Promise<void>
}

/** Gateways on one memory, and started. */
export async function fleetOf (size: number, given: MemberWith = {}): Promise<Fleet> {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock)
  const members = Array.from({ length: size }, (_, index) => memberOn(memory.open(), { id: `gateway-${index + 1}`, ...given }))
  await Promise.all(members.map(({ sync }) => sync.start()))
  return { memory, members, pass: (ms, stepMs) => pass([clock, ...members.map(member => member.clock)], ms, stepMs) }
}

/** A store whose methods can be replaced; it keeps nothing. */
export function storeWith (given: Partial<RegistryStore> = {}): RegistryStore {
  const nothing = async (): Promise<void> => {}
  return { put: nothing, drain: nothing, announce: nothing, changes: async () => shown(), ...given }
}

/** What a store shows. */
export function shown (given: Partial<StoreChanges> = {}): StoreChanges {
  return { cursor: '1', complete: true, leases: [], drains: [], gateways: [], ...given }
}

let stamps = 0

/** What the store shows of a node that another gateway has heard. */
export function storedWith ({ info = {}, ...given }: Partial<Omit<StoredLease, 'info'>> & { info?: Partial<NodeInfo> } = {}): StoredLease {
  const { info: whole } = messageOf(info.id ?? 'a', { info })
  return { info: whole, incarnation: null, seq: null, state: 'up', ttlMs: 3000, load: null, stamp: `other ${++stamps}`, machine: null, ageMs: 0, ...given }
}

/** A promise that is kept by hand. */
export function promised<T> (): { readonly promise: Promise<T>, readonly keep: (value: T) => void, readonly fail: (error: unknown) => void } {
  let keep: (value: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const promise = new Promise<T>((resolve, reject) => { [keep, fail] = [resolve, reject] })
  return { promise, keep, fail }
}
