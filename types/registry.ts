import type { NodeChange, NodeInfo } from './node.js'
import type { NodeStatus } from './status.js'

/** `app.registry`: which nodes this gateway knows, for reading and for custom discovery. */
export interface Registry {
  /** The names of the services that are configured or have nodes. */
  services (): string[]
  /** The nodes of a service; empty when there is no such service. */
  nodes (service: string): readonly NodeStatus[]
  /**
   * Registers a node or renews its lease, as a heartbeat would; for custom discovery. The fields that are missing get their defaults
   * (id: host:port of the origin, weight 1). `ttlMs`: how long the lease lasts; default: it never ends.
   * Throws `FST_BALANCE_OPTION` when a field is wrong.
   */
  renew (info: Pick<NodeInfo, 'service' | 'origin'> & Partial<NodeInfo>, ttlMs?: number): void
  /** Forgets a node at once, on this gateway; its running requests end as usual. False: it was not known. A node that still sends heartbeats comes back with the next. */
  remove (service: string, id: string): boolean
  /** Takes a node out of new traffic (or, with `draining: false`, puts it back) and tells its agent so; with a store on all gateways. False: it was not known here. */
  drain (service: string, id: string, draining?: boolean): boolean
  /** Calls `listener` at every transition of a node. Returns the function that ends it. */
  onChange (listener: (change: NodeChange) => void): () => void
  /**
   * This gateway leads its group: for what must run once. At most one does at a time as long as the store remembers: one that loses its memory
   * may let another begin before the former leader has asked again, within about a second, or ceases to trust its lease, within 4 s. What must
   * not happen twice needs the token. Always false without a store, or with one that has no leases.
   */
  readonly leader: boolean
  /**
   * Calls `listener` with the fencing token when this gateway begins to lead, and with null when it no longer does. The tokens of a group only
   * grow: what the leader writes to should refuse a lower one than it has seen, for a leader that stood still learns only afterwards that
   * it has lost the lead. Returns the function that ends it.
   */
  onLeader (listener: (token: number | null) => void): () => void
}
