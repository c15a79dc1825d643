import type { LoadReport } from './node.js'

/** `app.agent`: this app as a node. */
export interface Agent {
  /** The id that it registered with; null until a gateway has answered, unless it was given. */
  readonly id: string | null
  /** `idle`: not listening yet; `up`: beating; `draining`; `left`: said goodbye. */
  readonly state: 'idle' | 'up' | 'draining' | 'left'
  /** Announces draining to the gateways, and resolves when they must know and the running requests have ended (at most `drainMs`). Call it before `app.close()`. */
  drain (): Promise<void>
}

/** What `app.register(agent, options)` takes. */
export interface AgentOptions {
  /** The service that this app serves. */
  service: string
  /** The gateways' addresses, for instance `http://10.0.0.2:8080`. A path behind the address replaces `/heartbeat`. */
  gateways: readonly string[]
  /** The heartbeat secret of the gateways. */
  secret?: string | undefined
  /** Which secret, when the gateways have several. Default `default`. */
  secretId?: string | undefined
  /** Default: host:port that the gateway sees. */
  id?: string | undefined
  /** Where gateways reach this app. Default: by the port it listens on, at the address that the gateway sees. */
  origin?: string | undefined
  /** 0 to 1000. Default 1. */
  weight?: number | undefined
  zone?: string | undefined
  version?: string | undefined
  tags?: Record<string, string> | undefined
  /** How often to beat until a gateway says otherwise. Default 1000. */
  intervalMs?: number | undefined
  /** How long `drain()` waits at most for the running requests. Default 10000. */
  drainMs?: number | undefined
  /** Replaces fields of the load report; what is no number from 0 on is sent as unknown. Called once per beat. */
  load?: (() => Partial<LoadReport>) | undefined
}

/** What `closeOnSignals(app, options)` takes. */
export interface CloseOptions {
  /** Default `['SIGTERM', 'SIGINT']`. */
  signals?: readonly NodeJS.Signals[] | undefined
  /** How long draining and closing may take together before the process exits anyway, with 1. Default 30000. */
  timeoutMs?: number | undefined
}
