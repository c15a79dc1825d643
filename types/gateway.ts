/** `app.gateway`: this app as a gateway among others. */
export interface Gateway {
  /** Unique per process; the status and the store name it so. */
  readonly id: string
  readonly state: 'serving' | 'draining' | 'closing'
  /**
   * Prepares the end without losing a request: `/_balance/ready` says 503, the other gateways and the agents learn that this one goes, and for
   * `drainMs` it serves on, answering with `connection: close`. Resolves when that time is over. Call it before `app.close()`, as `closeOnSignals` does.
   */
  drain (): Promise<void>
}
