import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../types/clock.js'
import type { Gateway } from '../types/gateway.js'

export interface LifeParts {
  readonly id: string
  readonly clock: Pick<Clock, 'after'>
  /** How long this gateway serves on after it has begun to drain, ms. */
  readonly drainMs: number
  /** Tells the other gateways that this one goes. */
  readonly leave: () => Promise<void>
}

/** The life of a gateway: it serves, then it drains if it is asked to, then it closes. */
export class Life {
  /** `app.gateway`. */
  readonly gateway: Gateway
  #state: Gateway['state'] = 'serving'
  #drained: Promise<void> | null = null

  constructor (app: FastifyInstance, { id, clock, drainMs, leave }: LifeParts) {
    const drain = async (): Promise<void> => {
      if (this.#state === 'serving') this.#state = 'draining'
      endConnections(app)
      await Promise.all([leave(), new Promise<void>(resolve => { clock.after(drainMs, resolve) })])
    }
    const state = (): Gateway['state'] => this.#state
    this.gateway = Object.freeze({ id, get state () { return state() }, drain: () => (this.#drained ??= drain()) })
    app.addHook('preClose', async () => {
      this.#state = 'closing'
      if (this.#drained === null) await leave()
    })
  }

  get state (): Gateway['state'] {
    return this.#state
  }
}

/** Every client is asked to come back on another connection, which may go to another gateway. */
function endConnections (app: FastifyInstance): void {
  app.server.prependListener('request', (_request: unknown, response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('connection', 'close')
  })
}
