/** `app.agent`: this app as a node. */
export interface Agent {
  /** The id that it registered with; null until a gateway has answered, unless it was given. */
  readonly id: string | null
  /** `idle`: not listening yet; `up`: beating; `draining`; `left`: said goodbye. */
  readonly state: 'idle' | 'up' | 'draining' | 'left'
  /** Announces draining to the gateways, and resolves when they must know and the running requests have ended (at most `drainMs`). Call it before `app.close()`. */
  drain (): Promise<void>
}
