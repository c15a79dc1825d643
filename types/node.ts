/** What a node says of itself. Immutable: this is what heartbeats and stores carry. */
export interface NodeInfo {
  /** The service it serves: a letter or digit, then up to 63 of letters, digits, `.`, `_`, `-`. */
  readonly service: string
  /** Unique within the service, and stable over restarts. 1 to 128 of `[A-Za-z0-9._~:@-]`. */
  readonly id: string
  /** `scheme://host:port` it is reached at. */
  readonly origin: string
  /** The checked address to dial when the origin has a host name; null: dial the host of the origin. */
  readonly address: string | null
  /** Share of traffic relative to the other nodes of the service, 0 to 1000. 0: no new requests. */
  readonly weight: number
  /** Where it runs, for instance an availability zone. */
  readonly zone: string | null
  /** The version of what it runs, for canaries. */
  readonly version: string | null
  /** Free labels, for `filter`. */
  readonly tags: Readonly<Record<string, string>>
  /** Comes from the configuration, not from heartbeats: it has no lease and never expires. */
  readonly static: boolean
}

/** A node's own statement of its load. `null` means unknown. It never enters the ranking, for it is old when it arrives. */
export interface LoadReport {
  /** Share of the last interval that its event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number | null
  /** Mean delay of its event loop over the last interval, ms. */
  readonly eventLoopDelayMs: number | null
  readonly heapUsedBytes: number | null
  readonly rssBytes: number | null
  /** Requests that it is serving, from all gateways and clients together. */
  readonly inFlight: number | null
  /** What @fastify/under-pressure says in it. */
  readonly underPressure: boolean | null
}

/**
 * What this gateway knows of a node: facts only. The state is derived from them (`stateOf`), so no flag can contradict another.
 * All instants are those of `Clock.now()`.
 */
export interface Node {
  readonly info: NodeInfo
  /** Attempts begun and not settled, of this gateway alone. */
  readonly inFlight: number
  /** The newest load report; null: none came yet. */
  readonly load: LoadReport | null
  /** Until when it may be offered traffic without a new heartbeat; Infinity for static nodes. */
  readonly leaseUntil: number
  /** When it last became able to receive traffic; slow start counts from here. -Infinity: no slow start. */
  readonly upSince: number
  /** Withheld because of its outcomes until then; -Infinity: not ejected. */
  readonly ejectedUntil: number
  /** Active checks say that it does not work; false where there are none. */
  readonly failsChecks: boolean
  /** It said itself that it drains. */
  readonly draining: boolean
  /** An operator of this gateway asked it to drain. Outlives the node's own heartbeats. */
  readonly drainRequested: boolean
}

/** Derived from a node's facts and the time, in this order of precedence: the first that holds. */
export type NodeState = 'expired' | 'draining' | 'ejected' | 'warming' | 'up'

/** Why a node changed its state. */
export type ChangeReason =
  | 'configured'      // a static node, at start
  | 'registered'      // first heartbeat
  | 'renewed'         // a heartbeat after the lease was over
  | 'restarted'       // a higher incarnation: a new process
  | 'replaced'        // another id registered on its origin
  | 'drain-announced' // the node said that it drains
  | 'drain-requested' // an operator asked for it
  | 'drain-revoked'
  | 'left'            // the node said goodbye
  | 'removed'         // by registry.remove()
  | 'lease-over'      // its heartbeats stopped
  | 'forgotten'       // its lease has been over for a minute
  | 'refused'         // a connection was refused while its lease was over
  | 'warmed-up'       // slow start is over
  | 'ejected'
  | 'ejection-over'
  | 'check-failed'    // active checks say that it does not work
  | 'check-passed'

/** One transition of one node. `from: null`: it was not known; `to: null`: it is not known any more. */
export interface NodeChange {
  readonly service: string
  readonly id: string
  readonly origin: string
  readonly from: NodeState | null
  readonly to: NodeState | null
  readonly reason: ChangeReason
}
