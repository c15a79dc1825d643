import type { Clock } from '../../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges, StoredLease } from '../../../types/store.js'
import type { Hints } from './hints.js'
import type { Link } from './link.js'
import { cursorOf, memberOf, pageOf, pageSize, positionOf, wordsOf } from './page.js'
import type { Page, Position } from './page.js'
import { scripts } from './scripts.js'
import type { Scripts } from './scripts.js'

/** Nobody waits longer for all pages together, ms. */
const readMs = 2000

export interface RedisStoreTools {
  readonly clock: Pick<Clock, 'now'>
  readonly link: Pick<Link, 'run' | 'close'>
  readonly hintsOn: (channel: string) => Pick<Hints, 'listen' | 'sent' | 'close'>
}

/** A store in Redis. All keys of a namespace have one hash tag, and so are in one slot of a cluster. */
export class RedisStore implements RegistryStore {
  readonly kind = 'redis'
  readonly #prefix: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #link: Pick<Link, 'run' | 'close'>
  readonly #hints: Pick<Hints, 'listen' | 'sent' | 'close'>
  readonly #scripts: Scripts = scripts()

  constructor (namespace: string, { clock, link, hintsOn }: RedisStoreTools) {
    this.#prefix = `balance:{${namespace}}:`
    this.#clock = clock
    this.#link = link
    this.#hints = hintsOn(this.#channel)
  }

  async put (lease: Lease): Promise<void> {
    await this.#run('put', ['meta', 'records', 'index', 'ages'], [this.#channel, memberOf(lease.info), ...wordsOf(lease)])
  }

  async drain (order: DrainOrder): Promise<void> {
    await this.#run('drain', ['meta', 'drains'], [this.#channel, memberOf(order), `${order.revision}`, order.draining ? '1' : '0'])
  }

  async announce ({ id, address, machine }: GatewayPresence, ttlMs: number): Promise<void> {
    await this.#run('announce', ['meta', 'gateways'], [this.#channel, id, `${ttlMs}`, JSON.stringify({ id, address, machine })])
  }

  changes (since: string | undefined): Promise<StoreChanges> {
    return this.#read(positionOf(since))
  }

  onHint (listener: () => void): () => void {
    return this.#hints.listen(listener)
  }

  async lease (name: string, owner: string, ttlMs: number): Promise<{ readonly token: number } | undefined> {
    const token = await this.#run('lease', [`lease:${name}`], [owner, `${ttlMs}`])
    return token === null ? undefined : { token: Number(token) }
  }

  async release (name: string, owner: string): Promise<void> {
    await this.#run('release', [`lease:${name}`], [owner])
  }

  async close (): Promise<void> {
    await Promise.all([this.#link.close(), this.#hints.close()])
  }

  get #channel (): string {
    return `${this.#prefix}hints`
  }

  #run (script: keyof Scripts, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    return this.#link.run(this.#scripts[script], { keys: keys.map(key => this.#prefix + key), values })
  }

  /** A lease that changes while its page is read comes again on a later one, and that is the newer one. */
  async #read (since: Position): Promise<StoreChanges> {
    const until = this.#clock.now() + readMs
    const leases = new Map<string, StoredLease>()
    let complete = false
    for (let position = since; ;) {
      const page = await this.#page(position)
      if (page.isOther) leases.clear()
      complete ||= page.isOther
      for (const lease of page.leases) leases.set(memberOf(lease.info), lease)
      position = page.position
      if (this.#clock.now() > until) throw new Error(`Redis did not show everything within ${readMs} ms`)
      if (!page.isFull) return { cursor: cursorOf(position), complete, leases: [...leases.values()], drains: page.drains, gateways: page.gateways }
    }
  }

  async #page ({ source, version }: Position): Promise<Page> {
    const page = pageOf(await this.#run('changes', ['meta', 'records', 'index', 'drains', 'gateways'], [source, version, `${pageSize}`]))
    this.#hints.sent(page.position.source, page.hints)
    return page
  }
}
