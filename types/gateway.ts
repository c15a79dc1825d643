/** `app.gateway`: this app as a gateway among others. */
export interface Gateway {
  /** Unique per process; the status and the store name it so. */
  readonly id: string
  readonly state: 'serving' | 'draining' | 'closing'
  /**
   * Prepares the end without losing a request: `/_balance/ready` says 503, the other gateways and the agents learn that this one goes, and for
   * `drainMs` it serves on, answering with `connection: close`. Then it takes no new connections, and resolves when the running requests have ended, after 10 s at most.
   * Call it before `app.close()`, as `closeOnSignals` does.
   */
  drain (): Promise<void>
}
