import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { furtherServersOf } from './further-servers.js'
import { within } from './within.js'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../types/clock.js'
import type { Gateway } from '../types/gateway.js'

/** How long the requests that run when the gateway takes no more connections are waited for, ms: a stream may never end. */
const endingMs = 10_000
/** How often connections that have become idle meanwhile are closed, ms. */
const idleMs = 100

export interface LifeParts {
  readonly id: string
  readonly clock: Clock
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
    const silent = silentConnections(app)
    const drain = async (): Promise<void> => {
      if (this.#state === 'serving') this.#state = 'draining'
      endConnections(app)
      await Promise.all([leave(), new Promise<void>(resolve => { clock.after(drainMs, resolve) })])
      await within(clock, endingMs, stopListening(app, silent, clock))
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

/**
 * Takes no new connection, and waits for the requests that run. Before `app.close()`, for once that has begun Fastify answers 503 to what still
 * comes, while a client whose connection is refused goes elsewhere.
 */
async function stopListening (app: FastifyInstance, silent: () => readonly Socket[], clock: Pick<Clock, 'every'>): Promise<void> {
  const servers = serversOf(app)
  const closed = Promise.all(servers.map(server => new Promise<void>(resolve => { server.close(() => resolve()) })))
  for (const socket of silent()) socket.destroy()
  const stop = clock.every(idleMs, () => servers.forEach(closeIdle))
  await closed
  stop()
}

/** Node does it once, when the server stops to listen; a connection that becomes idle later would be waited for until its keep-alive is over. */
function closeIdle (server: Server & Partial<Pick<HttpServer, 'closeIdleConnections'>>): void {
  server.closeIdleConnections?.()
}

/** The connections on which nothing has come yet, as browsers and checks open them: Node does not count them among the idle ones, and would wait for them. */
function silentConnections (app: FastifyInstance): () => readonly Socket[] {
  const sockets = new Set<Socket>()
  const watch = (server: Server): void => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
  }
  watch(app.server)
  app.addHook('onListen', () => furtherServersOf(app).forEach(watch))
  return () => [...sockets].filter(({ bytesRead }) => bytesRead === 0)
}

/** Every client is asked to come back on another connection, which may go to another gateway. HTTP/2 has no such header. */
function endConnections (app: FastifyInstance): void {
  for (const server of serversOf(app)) {
    server.prependListener('request', ({ httpVersionMajor }: IncomingMessage, response: ServerResponse) => {
      if (httpVersionMajor < 2 && !response.headersSent) response.setHeader('connection', 'close')
    })
  }
}

function serversOf (app: FastifyInstance): readonly Server[] {
  return [app.server, ...furtherServersOf(app)]
}
