import { nodeInfoOf } from '../node/info.js'
import type { Announcement } from '../registry/announcement.js'
import type { Lease, StoreChanges, StoredLease } from '../../types/store.js'

export interface SharedLeasesParts {
  /** This gateway's. */
  readonly id: string
  readonly machine: string
  /** Tells the registry what another gateway heard. False: it is not newer than what is known here. */
  readonly learn: (announcement: Announcement) => boolean
  /** Writes a lease to the store, sooner or later. */
  readonly put: (key: string, lease: Lease) => void
  /** Told of a lease that cannot be one. */
  readonly refused: (lease: StoredLease, error: Error) => void
}

/** What comes through the store may come so much later than it was heard: it is asked every second, ms. */
const graceMs = 1000
/** A lease that is over for so long is not taken in any more: its node is forgotten elsewhere too, ms. */
const forgottenMs = 60_000
/** The hosts that mean another machine on every machine. */
const loopback = /^https?:\/\/(127\.|localhost\b|\[::1\])/

/** Which leases this gateway shares, and which of those that others share it has taken in. */
export class SharedLeases {
  readonly #parts: SharedLeasesParts
  /** What this gateway heard last of the nodes whose heartbeats it gets. */
  readonly #own = new Map<string, Lease>()
  /** The stamp of the newest lease that the store has shown of each node. */
  readonly #stamps = new Map<string, string>()
  #count = 0

  constructor (parts: SharedLeasesParts) {
    this.#parts = parts
  }

  /** Shares what this gateway has just heard. */
  heard ({ info, incarnation, seq, state, ttlMs, load }: Announcement): void {
    const { id, machine, put } = this.#parts
    const stamp = `${id} ${++this.#count}`
    const lease = { info, incarnation, seq, state, ttlMs, load, stamp, machine: loopback.test(info.origin) ? machine : null }
    const key = keyOf(info)
    this.#own.set(key, lease)
    put(key, lease)
  }

  /** A node is not known any more. What it said at its end is still to be shared. */
  gone (info: Lease['info']): void {
    const key = keyOf(info)
    if (this.#own.get(key)?.state !== 'left') this.#own.delete(key)
  }

  /** Takes in what the store shows, and puts again what a store that has everything to show does not show. */
  take ({ leases, complete }: Pick<StoreChanges, 'leases' | 'complete'>): void {
    for (const lease of leases) this.#take(lease)
    if (complete) this.#compare(new Map(leases.map(lease => [keyOf(lease.info), lease.stamp])))
  }

  #take (lease: StoredLease): void {
    const { id, machine, learn, refused } = this.#parts
    const key = keyOf(lease.info)
    const last = this.#stamps.get(key)
    if (last === lease.stamp) return
    this.#stamps.set(key, lease.stamp)
    if (lease.stamp.startsWith(`${id} `) || (lease.machine !== null && lease.machine !== machine)) return
    // Once it is seen to advance its lease begins: this gateway's own clock alone tells how old it is. Of the first one only the store knows that.
    const ttlMs = lease.ttlMs + graceMs - (last === undefined ? lease.ageMs : 0)
    if (ttlMs <= -forgottenMs) return
    try {
      // The node has gone over to another gateway, whose part it is now to keep the store complete
      if (learn(announcementOf(lease, ttlMs))) this.#own.delete(key)
    } catch (error) {
      refused(lease, error as Error)
    }
  }

  #compare (shown: ReadonlyMap<string, string>): void {
    for (const key of this.#stamps.keys()) {
      if (!shown.has(key)) this.#stamps.delete(key)
    }
    for (const [key, lease] of this.#own) {
      if (shown.get(key) !== lease.stamp) this.#parts.put(key, lease)
      if (lease.state === 'left') this.#own.delete(key)
    }
  }
}

function keyOf ({ service, id }: Lease['info']): string {
  return `${service} ${id}`
}

function announcementOf ({ info, incarnation, seq, state, load }: StoredLease, ttlMs: number): Announcement {
  return Object.freeze({ info: nodeInfoOf({ ...info, static: false }, 'lease.info'), state, incarnation, seq, load, ttlMs, heardHere: false })
}
