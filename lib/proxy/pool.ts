import { Client } from 'undici'
import { Roster } from './roster.js'
import type { Dispatcher } from 'undici'
import type { Place } from './roster.js'

/** What is sent over a connection: an undici handler that is told which connection it is. */
export interface Carried extends Dispatcher.DispatchHandler {
  /** Called before anything is written. */
  carriedBy (connection: Connection): void
  /** Nothing more will come of it. */
  readonly isOver: boolean
}

/** One connection to a node. It knows whether it has served before: a reset of a connection that has is no sign of a bad node. */
export class Connection extends Client {
  /** No request has it. */
  isFree = false
  /** Among all of its pool; null: it belongs to none. */
  place: Place<Connection> | null = null
  #isOpen = false
  #served = 0

  constructor (origin: URL, options: Client.Options) {
    super(origin, options)
    this.on('connect', () => {
      this.#isOpen = true
      this.#served = 0
    })
    this.on('disconnect', () => { this.#isOpen = false })
  }

  /** It has a socket. */
  get isOpen (): boolean {
    return this.#isOpen
  }

  /** Counts a request that is about to be written; says how many went before on the same socket. */
  serve (): number {
    return this.#served++
  }
}

/**
 * The connections to one node, each for one request at a time, and as many as there are requests. The one that became free last is taken
 * first: those that the load does not need any more come to the end of their keep-alive, and are forgotten.
 */
export class Pool {
  readonly #origin: URL
  readonly #options: Client.Options
  /** Open, and without request. */
  readonly #free: Connection[] = []
  readonly #all = new Roster<Connection>()
  #isClosed = false

  /** `options`: of every connection. */
  constructor (origin: string, options: Client.Options) {
    this.#origin = urlOf(origin)
    this.#options = options
  }

  /** How many connections there are, those that are being opened among them. */
  get size (): number {
    return this.#all.length
  }

  /** Sends a request. All that becomes of it, its handler is told. */
  dispatch (request: Dispatcher.DispatchOptions, carried: Carried): void {
    const connection = this.#free.pop() ?? this.#connect()
    connection.isFree = false
    carried.carriedBy(connection)
    connection.dispatch(request, carried)
    // what undici refuses at once never becomes a request, so no `drain` follows
    if (carried.isOver && connection.stats.size === 0) this.#release(connection)
  }

  /** Takes no new requests; resolves when those that run have ended and all connections are closed. */
  async close (): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#all].map(connection => connection.close()))
  }

  /** Cuts all off; resolves when all connections are closed. */
  async destroy (): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#all].map(connection => connection.destroy()))
  }

  #connect (): Connection {
    const connection = new Connection(this.#origin, this.#options)
    if (this.#isClosed) {
      connection.destroy(() => {})
      return connection
    }
    connection.place = this.#all.join(connection)
    connection.on('drain', () => this.#release(connection))
    connection.on('disconnect', () => this.#disconnected(connection))
    return connection
  }

  #release (connection: Connection): void {
    if (connection.isFree) return
    if (!connection.isOpen || this.#isClosed) return this.#forget(connection)
    connection.isFree = true
    this.#free.push(connection)
  }

  /** One that has a request opens again, for a request that was not written yet, or is released. */
  #disconnected (connection: Connection): void {
    if (!connection.isFree) return
    this.#free.splice(this.#free.lastIndexOf(connection), 1)
    this.#forget(connection)
  }

  #forget ({ place }: Connection): void {
    if (place !== null) this.#all.leave(place)
  }
}

/** undici asks the URL of a connection for these with every request, and `URL` makes them anew each time. */
function urlOf (origin: string): URL {
  const url = new URL(origin)
  const { origin: own, protocol } = url
  return Object.defineProperties(url, { origin: { value: own }, protocol: { value: protocol } })
}
