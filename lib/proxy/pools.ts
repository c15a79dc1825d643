import { isIP } from 'node:net'
import { Client, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { LookupFunction } from 'node:net'
import type { Node, NodeInfo } from '../../types/node.js'
import type { TlsOptions } from '../../types/service.js'

/** What a connection tells the attempt that it carries. */
export interface Carried {
  /** Called as the request is put on a connection, before anything is written. */
  carriedBy (connection: Connection): void
}

/** What undici is asked to send, and for whom. */
export interface CarriedRequest extends Dispatcher.DispatchOptions {
  readonly carried: Carried
}

/** One connection to a node. It knows whether it has served before: a reset of a connection that has is no sign of a bad node. */
export class Connection extends Client {
  #served = 0

  constructor (origin: URL, options: Client.Options) {
    super(origin, options)
    this.on('connect', () => { this.#served = 0 })
  }

  /** Counts a request that is about to be written; says how many went before on the same socket. */
  serve (): number {
    return this.#served++
  }

  override dispatch (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isCarried(options)) options.carried.carriedBy(this)
    return super.dispatch(options, handler)
  }
}

function isCarried (options: Dispatcher.DispatchOptions): options is CarriedRequest {
  return 'carried' in options
}

/** The connections to the nodes: one undici Pool per node, made at its first attempt and closed when the node is gone. */
export class Pools {
  readonly #pools = new Map<Node, { readonly pool: Pool, readonly info: NodeInfo }>()
  /** Those that still have running requests to nodes that are gone. */
  readonly #retired = new Set<Pool>()
  #isClosed = false
  readonly #optionsOf: (service: string) => { readonly connectTimeoutMs: number, readonly tls: Readonly<TlsOptions> | null }

  /** `optionsOf`: how the nodes of a service are connected to. */
  constructor (optionsOf: (service: string) => { readonly connectTimeoutMs: number, readonly tls: Readonly<TlsOptions> | null }) {
    this.#optionsOf = optionsOf
  }

  /** The pool of a node; after `close()` one that refuses every request. */
  poolOf (node: Node): Pool {
    const known = this.#pools.get(node)
    if (known !== undefined && isSamePlace(known.info, node.info)) return known.pool
    if (known !== undefined) this.#retire(known.pool)
    const pool = this.#connect(node)
    if (this.#isClosed) pool.destroy(() => {})
    else this.#pools.set(node, { pool, info: node.info })
    return pool
  }

  /** The node is gone or drains: running requests end as usual, idle connections are closed. */
  forget (node: Node): void {
    const known = this.#pools.get(node)
    if (known === undefined) return
    this.#pools.delete(node)
    this.#retire(known.pool)
  }

  /** Closes every connection at once, for good. */
  async close (): Promise<void> {
    this.#isClosed = true
    const pools = [...Array.from(this.#pools.values(), ({ pool }) => pool), ...this.#retired]
    this.#pools.clear()
    await Promise.all(pools.map(pool => pool.destroy()))
  }

  /** A connection to a node beside its pool. Whoever asks for it destroys it. */
  connectionTo (node: Node): Client {
    return new Client(node.info.origin, this.#optionsFor(node))
  }

  #connect (node: Node): Pool {
    return new Pool(node.info.origin, { factory: (origin: URL, options: object) => new Connection(origin, options), ...this.#optionsFor(node) })
  }

  #optionsFor ({ info }: Node): { headersTimeout: number, connect: object } {
    const { connectTimeoutMs, tls } = this.#optionsOf(info.service)
    return { headersTimeout: 0, connect: { ...tls, timeout: connectTimeoutMs, ...(info.address === null ? {} : { lookup: lookupOf(info.address) }) } }
  }

  #retire (pool: Pool): void {
    this.#retired.add(pool)
    pool.close(() => this.#retired.delete(pool))
  }
}

function isSamePlace (one: NodeInfo, other: NodeInfo): boolean {
  return one === other || (one.origin === other.origin && one.address === other.address)
}

/** Answers every look-up with the address that was checked when the node registered, so that a name cannot change its meaning afterwards. */
function lookupOf (address: string): LookupFunction {
  const family = isIP(address)
  return (_host, options, callback) => options.all === true ? callback(null, [{ address, family }]) : callback(null, address, family)
}
