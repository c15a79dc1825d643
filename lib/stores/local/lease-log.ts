import { orderOf } from '../../registry/order.js'
import type { Lease } from '../../../types/store.js'

/** A lease that is kept. */
export interface LogEntry {
  /** Counts what was put: of two entries the one put later has the higher version. */
  readonly version: number
  readonly lease: Lease
  /** Of its JSON. */
  readonly bytes: number
  readonly putAt: number
  /** When it was put last, also when it was not newer then. */
  heardAt: number
}

/** A lease has at most so many bytes of JSON: what heartbeats may have, several times over. */
export const maxLeaseBytes: number = 64 * 1024

/** The newest lease of every node, in the order in which they were put. */
export class LeaseLog {
  readonly #newest = new Map<string, LogEntry>()
  /** By version. Entries that are not the newest of their node any more stay in it, until they are more than half. */
  #entries: LogEntry[] = []
  #version = 0

  get version (): number {
    return this.#version
  }

  /** Keeps a lease that is newer than what is kept. Returns whether it was. */
  put (lease: Lease, now: number): boolean {
    const key = `${lease.info.service} ${lease.info.id}`
    const kept = this.#newest.get(key)
    if (kept !== undefined && !isNewer(lease, kept.lease)) {
      kept.heardAt = now
      return false
    }
    const bytes = Buffer.byteLength(JSON.stringify(lease))
    if (bytes > maxLeaseBytes) throw new Error(`a lease of ${bytes} bytes: at most ${maxLeaseBytes} are kept`)
    const entry = { version: ++this.#version, lease, bytes, putAt: now, heardAt: now }
    this.#newest.set(key, entry)
    this.#entries.push(entry)
    if (this.#entries.length > 2 * this.#newest.size) this.#compact()
    return true
  }

  /** What was put after that version, in order. */
  * since (version: number): Generator<LogEntry> {
    for (let index = this.#indexAfter(version); index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry !== undefined && this.#isNewest(entry)) yield entry
    }
  }

  /** Gives up what nobody has put since then. */
  forget (heardBefore: number): void {
    for (const [key, { heardAt }] of this.#newest) {
      if (heardAt < heardBefore) this.#newest.delete(key)
    }
    this.#compact()
  }

  #compact (): void {
    this.#entries = this.#entries.filter(entry => this.#isNewest(entry))
  }

  #isNewest (entry: LogEntry): boolean {
    return this.#newest.get(`${entry.lease.info.service} ${entry.lease.info.id}`) === entry
  }

  #indexAfter (version: number): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.version ?? Infinity) > version) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** The rule of `RegistryStore.put`. */
export function isNewer (lease: Lease, kept: Lease): boolean {
  if (kept.state === 'left' && lease.incarnation !== null && lease.incarnation === kept.incarnation) return false
  const order = orderOf(lease, kept)
  return order === 'newer' || order === 'restarted'
}
