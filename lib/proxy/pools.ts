import { isIP } from 'node:net'
import { buildConnector, Client } from 'undici'
import { Pool } from './pool.js'
import type { LookupFunction } from 'node:net'
import type { Node, NodeInfo } from '../../types/node.js'
import type { TlsOptions } from '../../types/service.js'

/** The connections to the nodes: one pool per node, made at its first attempt and closed when the node is gone. */
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
    const pool = new Pool(node.info.origin, this.#optionsFor(node))
    if (this.#isClosed) pool.destroy()
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

  /** All connections of a pool have one connector, so they resume each other's TLS sessions. */
  #optionsFor ({ info }: Node): Client.Options {
    const { connectTimeoutMs, tls } = this.#optionsOf(info.service)
    return { headersTimeout: 0, connect: buildConnector({ ...tls, timeout: connectTimeoutMs, ...(info.address === null ? {} : { lookup: lookupOf(info.address) }) }) }
  }

  #retire (pool: Pool): void {
    this.#retired.add(pool)
    pool.close().then(() => this.#retired.delete(pool))
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
