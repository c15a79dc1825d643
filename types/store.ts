import type { LoadReport, NodeInfo } from './node.js'

/** What gateways share of a node: the newest heartbeat that one of them accepted; of a goodbye no zone, version, tags and load. Plain JSON data. */
export interface Lease {
  readonly info: NodeInfo
  /** null: the node does not count its processes. */
  readonly incarnation: number | null
  /** null: it does not count its messages. */
  readonly seq: number | null
  readonly state: 'up' | 'draining' | 'left'
  /** How long the lease lasts from the moment a gateway hears of it. */
  readonly ttlMs: number
  readonly load: LoadReport | null
  /** Names this heartbeat among all: no two that gateways accept have the same. */
  readonly stamp: string
  /** The machine that the node runs on, where its origin is a loopback address and says nothing elsewhere; else null. */
  readonly machine: string | null
}

/** A lease as a store gives it back. */
export interface StoredLease extends Lease {
  /** How long ago it was put, by the clock of the store alone. */
  readonly ageMs: number
}

/** What operators want of a node. Of two orders for a node the one with the higher revision holds. */
export interface DrainOrder {
  readonly service: string
  readonly id: string
  readonly draining: boolean
  readonly revision: number
}

/** A gateway of the group. */
export interface GatewayPresence {
  /** Unique per process. */
  readonly id: string
  /** Where agents reach it, as `http://host:port` or with the path of its heartbeat route. */
  readonly address: string
  /** The machine that it runs on. */
  readonly machine: string
}

/** What a store knows. */
export interface StoreChanges {
  /** Where the next call goes on. Opaque: it says which store it comes from as well. */
  readonly cursor: string
  /** `leases` are all that there are, not only the changed ones. */
  readonly complete: boolean
  readonly leases: readonly StoredLease[]
  /** All orders that are kept. */
  readonly drains: readonly DrainOrder[]
  /** The gateways whose presence is not over. */
  readonly gateways: readonly GatewayPresence[]
}

/**
 * Where gateways share leases. It only replicates: requests never wait for it, and a gateway goes on with what it knows while it is away.
 * Whoever writes one needs `put`, `changes`, `drain` and `announce`; the rest may be missing. Every call may reject, and is given up after
 * 500 ms; `changes` after 2 s where everything is asked for, and after 1 s at the start and where the call before failed. A store may lose
 * everything at any time: the gateways put what they know again. Nothing is compared with the clock of a gateway.
 */
export interface RegistryStore {
  /** What the status calls it, for instance `redis`. Default `custom`. */
  readonly kind?: string
  /**
   * Keeps a lease for its service and id, unless what is kept is newer: a higher incarnation, or the same one that has left or whose seq is
   * not lower. Where one of the two has no incarnation, or no seq, the later call is newer; but who has
   * left stays gone in the same incarnation. Resolves in either case. It may forget a lease that nobody has put for ten minutes.
   */
  put (lease: Lease): Promise<void>
  /** Keeps an order for its service and id, unless one of the same or a higher revision is kept. It may forget an order that nobody has put, with that revision, for ten minutes. */
  drain (order: DrainOrder): Promise<void>
  /** Makes a gateway known for so long; again: for so long from now on. `ttlMs` 0: it is gone. */
  announce (gateway: GatewayPresence, ttlMs: number): Promise<void>
  /** The leases put since a cursor that an earlier call gave; everything where there is none, or where it comes from a store that has since been emptied or replaced. */
  changes (since: string | undefined): Promise<StoreChanges>
  /** Calls `listener` when another gateway has changed something that is worth looking at once: load figures alone are not. Hints may be lost, and may come for nothing. Returns the function that ends it. */
  onHint? (listener: () => void): () => void
  /**
   * Gives the lease of that name to its owner, or lengthens it; undefined: another has it. The token of a new owner is higher than all
   * tokens of that name before, also when the store has lost its memory since. Then two may take themselves for the owner for a moment.
   */
  lease? (name: string, owner: string, ttlMs: number): Promise<{ readonly token: number } | undefined>
  /** Ends the lease of that name, if that owner has it. */
  release? (name: string, owner: string): Promise<void>
  /** Ends what the store holds open. No call comes after it. */
  close? (): Promise<void>
}
