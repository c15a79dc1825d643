import { rmSync } from 'node:fs'
import { Hub } from './hub.js'
import { HubConnection } from './hub-connection.js'
import { fileAt, join } from './join.js'
import { SharedMemory } from './memory.js'
import type { Entrance } from './join.js'
import { HubGone } from './protocol.js'
import type { Answer, Ask, Link, Operation } from './protocol.js'
import type { Clock, Random } from '../../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges, StoredLease } from '../../../types/store.js'

/** A call is given up after it: gateways give it up after 500 ms, and would not say why. */
const callMs = 400
/** When the hub is gone the others look for a new one within it, each at its own time. */
const jitterMs = 200
/** How long one waits, at least, when it found no hub and did not become it. */
const pauseMs = 200
/** How often a hub looks whether it can still be found, and how soon for the first time: that is when others may have come at the same moment. */
const lookMs = { first: 25, every: 1000 }

export interface LocalStoreTools {
  /** Where the processes meet; called whenever the hub is looked for. */
  readonly place: () => string
  readonly clock: Clock
  readonly random: Random
}

/**
 * The store of the processes of one machine. One of them is the hub, whoever came first; the others are connected to it. When it is gone another takes its place,
 * with an empty memory: cursors tell, and the gateways put what they know again. A hub that stands still keeps its place; calls are given up meanwhile.
 */
export class LocalStore implements RegistryStore {
  readonly kind = 'local'
  readonly #tools: LocalStoreTools
  readonly #listeners = new Set<{ readonly listener: () => void }>()
  #link: Promise<Link> | null = null
  #wake: () => void = () => {}
  #isClosed = false

  constructor (tools: LocalStoreTools) {
    this.#tools = tools
  }

  async put (lease: Lease): Promise<void> {
    await this.#call('put', { lease })
  }

  async drain (order: DrainOrder): Promise<void> {
    await this.#call('drain', { order })
  }

  async announce (gateway: GatewayPresence, ttlMs: number): Promise<void> {
    await this.#call('announce', { gateway, ttlMs })
  }

  changes (since: string | undefined): Promise<StoreChanges> {
    return this.#within(async link => {
      const first = await link.call('page', { since: since ?? null })
      const leases = new Map<string, StoredLease>()
      let page = first
      for (; ; page = await link.call('page', { since: page.cursor })) {
        for (const lease of page.leases) leases.set(`${lease.info.service} ${lease.info.id}`, lease)
        if (!page.more) break
      }
      return { cursor: page.cursor, complete: first.complete, leases: [...leases.values()], drains: page.drains, gateways: page.gateways }
    })
  }

  onHint (listener: () => void): () => void {
    const entry = { listener }
    this.#listeners.add(entry)
    this.#linked().catch(() => {})
    return () => { this.#listeners.delete(entry) }
  }

  async lease (name: string, owner: string, ttlMs: number): Promise<{ readonly token: number } | undefined> {
    return await this.#call('lease', { name, owner, ttlMs }) ?? undefined
  }

  async release (name: string, owner: string): Promise<void> {
    await this.#call('release', { name, owner })
  }

  async close (): Promise<void> {
    this.#isClosed = true
    this.#listeners.clear()
    this.#wake()
    const link = await this.#link?.catch(() => null)
    link?.close()
  }

  #call<O extends Operation> (operation: O, ask: Ask<O>): Promise<Answer<O>> {
    return this.#within(link => link.call(operation, ask))
  }

  /** Work that has not ended by then is given up. Until then it is begun again with the next hub when one is lost in the middle. */
  #within<T> (work: (link: Link) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit = new AbortController()
      const cancel = this.#tools.clock.after(callMs, () => {
        limit.abort()
        reject(new Error(`the hub of this machine did not answer within ${callMs} ms`))
      })
      this.#work(work, limit.signal).then(resolve, reject).finally(cancel)
    })
  }

  async #work<T> (work: (link: Link) => Promise<T>, limit: AbortSignal): Promise<T> {
    for (;;) {
      const link = await this.#linked()
      limit.throwIfAborted()
      try {
        return await work(link)
      } catch (error) {
        if (!(error instanceof HubGone)) throw error
      }
    }
  }

  #linked (): Promise<Link> {
    if (this.#isClosed) return Promise.reject(new Error('the store has been closed'))
    this.#link ??= this.#join(0)
    return this.#link
  }

  /** The hub is looked for from now on until one is found; a call that comes meanwhile waits for the next try. */
  #rejoin (afterMs: number): void {
    if (this.#isClosed) return
    this.#link = this.#join(afterMs)
    this.#link.catch(() => {})
  }

  async #join (afterMs: number): Promise<Link> {
    const { place, random } = this.#tools
    // Also for no time: what fails at once would be replaced by its own failure.
    await this.#pause(afterMs)
    try {
      if (this.#isClosed) throw new Error('the store has been closed')
      const at = place()
      const link = this.#enter(at, await join(at, random))
      // A new hub knows nothing: that is worth a look.
      queueMicrotask(() => this.#hint())
      return link
    } catch (error) {
      this.#rejoin(pauseMs + random() * jitterMs)
      throw error
    }
  }

  #enter (place: string, entrance: Entrance): Link {
    const { clock, random } = this.#tools
    const hint = (): void => this.#hint()
    const lost = (): void => this.#rejoin(random() * jitterMs)
    if (entrance.kind === 'client') return new HubConnection({ socket: entrance.socket, hint, lost })
    const hub = new Hub({ server: entrance.server, memory: new SharedMemory(clock, random), clock, hint })
    return entrance.file === undefined ? hub : this.#guard(hub, place, entrance.file)
  }

  /** Keeps an eye on the file that the hub is found by, and removes it in the end. */
  #guard (hub: Hub, place: string, file: string): Link {
    const { clock, random } = this.#tools
    const stop = (): void => {
      for (const cancel of looks) cancel()
      hub.close()
    }
    const look = (): void => {
      if (isAt(place, file)) return
      // Somebody removed it, or two took the place of a dead hub in the same moment and this one came first: nobody finds it any more.
      stop()
      this.#rejoin(random() * jitterMs)
    }
    const looks = [clock.after(lookMs.first, look), clock.every(lookMs.every, look)]
    return {
      call: (operation, ask) => hub.call(operation, ask),
      close: () => {
        if (isAt(place, file)) rmSync(place, { force: true })
        stop()
      }
    }
  }

  #pause (ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.#tools.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  #hint (): void {
    for (const { listener } of this.#listeners) listener()
  }
}

/** Whether that file is there; whatever else is there is not. */
function isAt (place: string, file: string): boolean {
  try {
    return fileAt(place) === file
  } catch {
    return false
  }
}
