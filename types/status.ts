import type { LoadReport, NodeState, ChangeReason } from './node.js'

/** A node as people and programs are told of it: plain data, durations instead of instants. */
export interface NodeStatus {
  readonly id: string
  readonly service: string
  readonly origin: string
  readonly state: NodeState
  /** Why it is in this state; null: nothing special (up since it registered). */
  readonly reason: ChangeReason | null
  /** The configured weight. */
  readonly weight: number
  /** The weight it is picked with now; 0 while it is not offered. */
  readonly effectiveWeight: number
  readonly inFlight: number
  /** Milliseconds until its lease ends, at least 0; null for a static node. */
  readonly leaseMs: number | null
  /** Milliseconds until its ejection ends; null: it is not ejected, or because of active checks, which have no end. */
  readonly ejectedMs: number | null
  readonly zone: string | null
  readonly version: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly static: boolean
  readonly load: LoadReport | null
}

/** What this gateway saw of a node's traffic. */
export interface NodeTraffic {
  /** Moving average of the time to the response head, ms; null: no response yet. */
  readonly latencyMs: number | null
  /** Attempts settled. */
  readonly requests: number
  /** Attempts that count against the node. */
  readonly failures: number
}

/** What this gateway has decided about a node because of its outcomes. */
export interface NodeEjections {
  /** How often it was ejected. */
  readonly ejections: number
  /** How often it was not, because too many of its service are, or it is the last one. */
  readonly ejectionsSuppressed: number
}

export interface ServiceStatus {
  readonly name: string
  /** Its strategy's name, or `custom`. */
  readonly strategy: string
  /** Too few healthy nodes, so doubtful ones are offered too. */
  readonly panic: boolean
  /** Every node that sent heartbeats is silent: the network or the secret is to blame rather than all of them. They are offered still. */
  readonly heartbeatsLost: boolean
  /** Requests that wait for a node. */
  readonly queued: number
  readonly nodes: ReadonlyArray<Omit<NodeStatus, 'service'> & NodeTraffic & NodeEjections>
}

/** `GET /_balance/status`: the one description that the page, the tests and the users read. */
export interface GatewayStatus {
  readonly gateway: {
    readonly id: string
    /** ISO 8601. */
    readonly startedAt: string
    /** It should get traffic: not while it drains or closes, nor while it is under pressure. */
    readonly ready: boolean
    /** It holds the leader lease; always false without a store. */
    readonly leader: boolean
    /** null: this gateway shares its registry with no other. `connected` false: it goes on with what it knows. */
    readonly store: { readonly kind: string, readonly connected: boolean } | null
    /** Where the gateways of the group are reached, as agents are told. */
    readonly gateways: readonly string[]
    /** The gateway's own load; null where @fastify/under-pressure is off. */
    readonly pressure: { readonly underPressure: boolean, readonly eventLoopDelayMs: number | null, readonly eventLoopUtilization: number, readonly heapUsedBytes: number, readonly rssBytes: number } | null
  }
  readonly services: readonly ServiceStatus[]
}
