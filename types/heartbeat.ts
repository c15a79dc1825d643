import type { LoadReport } from './node.js'

/** The body of a heartbeat, protocol v1, as it stands on the wire. Unknown fields are ignored. */
export interface HeartbeatBody {
  readonly service: string
  /** One of `origin` and `port`. */
  readonly origin?: string
  /** With `port` the node is reached at `http://<peer address>:<port>`. */
  readonly port?: number
  /** Default: host:port of the origin. */
  readonly id?: string
  /** Default `up`. */
  readonly state?: 'up' | 'draining' | 'left'
  /** 0 to 1000, default 1. */
  readonly weight?: number
  readonly zone?: string
  readonly version?: string
  readonly tags?: Readonly<Record<string, string>>
  /** Chosen at process start; a higher one is a new process. */
  readonly incarnation?: number
  /** Counted per message. `(incarnation, seq)` orders the messages of an id. */
  readonly seq?: number
  readonly load?: Partial<LoadReport>
}

/** The answer to an accepted heartbeat. `intervalMs`, `gateways`, `fanout` and `drain` are directives: obey them until the next answer. */
export interface HeartbeatAnswer {
  readonly id: string
  readonly service: string
  /** The state of the node as this gateway sees it; `left` after a goodbye. */
  readonly state: string
  /** How often to beat. */
  readonly intervalMs: number
  /** How long the lease lasts without another beat. */
  readonly ttlMs: number
  /** The addresses of all gateways of this group; empty: not configured, keep to those you know. */
  readonly gateways: readonly string[]
  /** `all`: beat every gateway, each on its own. `one`: one is enough. */
  readonly fanout: 'one' | 'all'
  /** An operator wants this node to drain. */
  readonly drain: boolean
}
