import { checked } from './checked.js'
import { isOnLoopback } from './loopback.js'
import { storedLeaseOf } from './stored-lease.js'
import type { Announcement } from '../registry/announcement.js'
import type { Lease, StoreChanges, StoredLease } from '../../types/store.js'

export interface SharedLeasesParts {
  /** This gateway's. */
  readonly id: string
  readonly machine: string
  readonly now: () => number
  /** Tells the registry what another gateway heard. False: it is not newer than what is known here. */
  readonly learn: (announcement: Announcement) => boolean
  /** Has a lease written to the store, soon or together with others: then `write` is called with it. */
  readonly put: (key: string, lease: Lease, isUrgent: boolean) => void
  /** Writes a lease to the store now. */
  readonly send: (lease: Lease) => Promise<void>
  /** Told of a lease that cannot be one. */
  readonly refused: (lease: object, error: Error) => void
}

/** What this gateway heard last of a node. */
interface Own {
  readonly lease: Lease
  readonly heardAt: number
  /** The first question to the store whose answer has it, or what is newer. Infinity: it has not been written yet. */
  shownFrom: number
}

/** What comes through the store may come so much later than it was heard: it waits to be written, and the store is asked every second, ms. */
const graceMs = 1000
/** A lease that is over for so long is not taken in any more: its node is forgotten elsewhere too, ms. */
const forgottenMs = 60_000
/** A goodbye is shared for so long: then nobody remembers the node, ms. */
const goodbyeMs = 600_000
/** What has not been written after this time may never be, ms. */
const unwrittenMs = 1000
/** With every so many questions what is over is forgotten. */
const tidyEvery = 30
/** So many goodbyes of nodes that nobody knows are kept. */
const mostUnknown = 1000

/** Which leases this gateway shares, and which of those that others share it has taken in. */
export class SharedLeases {
  readonly #parts: SharedLeasesParts
  /** Of the nodes whose heartbeats this gateway gets. */
  readonly #own = new Map<string, Own>()
  /** The goodbyes of nodes that were not known when they said it: the store may be about to show them. */
  readonly #unknown = new Map<string, Own>()
  /** The stamp of the newest lease that the store has shown of each node. */
  readonly #stamps = new Map<string, string>()
  #count = 0
  #questions = 0

  constructor (parts: SharedLeasesParts) {
    this.#parts = parts
  }

  /** Shares what this gateway has just heard. */
  heard (announcement: Announcement): void {
    const key = keyOf(announcement.info)
    this.#unknown.delete(key)
    this.#share(key, this.#leaseOf(announcement))
  }

  /** A node that was not known here has said goodbye. That is shared as soon as others know the node, and not before: there are ids without end. */
  heardOfUnknown (goodbye: Announcement): void {
    const key = keyOf(goodbye.info)
    if (this.#own.has(key) || this.#stamps.has(key)) return this.heard(goodbye)
    this.#unknown.delete(key)
    this.#unknown.set(key, { lease: this.#leaseOf(goodbye), heardAt: this.#parts.now(), shownFrom: Infinity })
    const { value: oldest } = this.#unknown.keys().next()
    if (this.#unknown.size > mostUnknown && oldest !== undefined) this.#unknown.delete(oldest)
  }

  /** A node is not known any more. What it said at its end is still to be shared. */
  gone (info: Lease['info']): void {
    const key = keyOf(info)
    if (this.#own.get(key)?.lease.state !== 'left') this.#own.delete(key)
  }

  /** Writes a lease whose turn it is, unless that is no news any more: the others would take it for some. */
  async write (lease: Lease): Promise<void> {
    const own = this.#own.get(keyOf(lease.info))
    if (own?.lease !== lease || this.#isOver(own)) return
    await this.#parts.send(lease)
    own.shownFrom = this.#questions + 1
  }

  /** The store is about to be asked. It may stay away for long, and goodbyes must not pile up meanwhile. */
  asks (): void {
    if (++this.#questions % tidyEvery !== 0) return
    for (const heard of [this.#own, this.#unknown]) {
      for (const [key, own] of heard) {
        if (this.#isOver(own)) heard.delete(key)
      }
    }
  }

  /**
   * Takes in what the store shows, and puts again what a store that has everything to show does not show. False: nobody can tell yet whether all of
   * it is news, so it is to be asked for once more.
   */
  take ({ leases, complete }: Pick<StoreChanges, 'leases' | 'complete'>): boolean {
    const shown = checked(leases, storedLeaseOf, this.#parts.refused)
    // Of two ids at one origin the later one holds
    const untold = shown.toSorted((one, other) => other.ageMs - one.ageMs).filter(lease => !this.#take(lease))
    if (complete) this.#compare(new Map(shown.map(lease => [keyOf(lease.info), lease.stamp])))
    return untold.length === 0
  }

  /** False: nobody can tell yet. */
  #take (lease: StoredLease): boolean {
    const { id, machine, learn } = this.#parts
    const key = keyOf(lease.info)
    const last = this.#stamps.get(key)
    if (last === lease.stamp) return true
    this.#recall(key, lease)
    if (this.#mayBeOlder(lease, this.#own.get(key))) return false
    this.#stamps.set(key, lease.stamp)
    if (lease.stamp.startsWith(`${id} `) || (lease.machine !== null && lease.machine !== machine)) return true
    const leftMs = lease.ttlMs + graceMs - lease.ageMs
    if (leftMs <= -forgottenMs) return true
    // Once it is seen to advance its lease begins: this gateway's own clock alone tells how old it is. Of the first one only the store knows that.
    const announcement = announcementOf(lease, last === undefined ? leftMs : lease.ttlMs + graceMs)
    // The node has gone over to another gateway, whose part it is now to keep the store complete
    if (learn(announcement)) this.#own.delete(key)
    return true
  }

  #share (key: string, lease: Lease): void {
    const last = this.#own.get(key)?.lease
    this.#own.set(key, { lease, heardAt: this.#parts.now(), shownFrom: Infinity })
    this.#parts.put(key, lease, last === undefined || last.state !== lease.state || last.incarnation !== lease.incarnation)
  }

  /** Nobody needs to know more of a node that is gone than which one it was. */
  #leaseOf ({ info, incarnation, seq, state, ttlMs, load }: Announcement): Lease {
    const { id, machine } = this.#parts
    const stamp = `${id} ${++this.#count}`
    const told = state === 'left' ? { info: { ...info, zone: null, version: null, tags: {} }, load: null } : { info, load }
    return { ...told, incarnation, seq, state, ttlMs, stamp, machine: isOnLoopback(info.origin) ? machine : null }
  }

  /** The store shows a node that has said goodbye here: another gateway has heard it before. */
  #recall (key: string, shown: StoredLease): void {
    const goodbye = this.#unknown.get(key)
    if (goodbye === undefined) return
    this.#unknown.delete(key)
    const cameAfterwards = !isCounted(shown, goodbye.lease) && shown.ageMs < this.#parts.now() - goodbye.heardAt
    if (!cameAfterwards && !this.#isOver(goodbye)) this.#share(key, goodbye.lease)
  }

  /** The order of arrival counts for a node that does not count, and what this gateway has heard is on its way to the store. */
  #mayBeOlder (lease: StoredLease, own: Own | undefined): boolean {
    if (own === undefined || own.shownFrom <= this.#questions || isCounted(lease, own.lease)) return false
    return !lease.stamp.startsWith(`${this.#parts.id} `) && this.#parts.now() < own.heardAt + unwrittenMs
  }

  #compare (shown: ReadonlyMap<string, string>): void {
    for (const key of this.#stamps.keys()) {
      if (!shown.has(key)) this.#stamps.delete(key)
    }
    for (const [key, own] of this.#own) {
      const { lease, shownFrom } = own
      if (shownFrom > this.#questions || this.#isOver(own)) continue
      if (lease.state === 'left' && shown.has(key)) this.#own.delete(key)
      else if (shown.get(key) !== lease.stamp) this.#parts.put(key, lease, true)
    }
  }

  #isOver ({ lease, heardAt }: Own): boolean {
    const lastsMs = lease.state === 'left' && lease.incarnation !== null ? goodbyeMs : lease.ttlMs
    return this.#parts.now() >= heardAt + lastsMs
  }
}

function keyOf ({ service, id }: Lease['info']): string {
  return `${service} ${id}`
}

/** Whether the two say themselves which one is newer. */
function isCounted (one: Lease, other: Lease): boolean {
  if (one.incarnation === null || other.incarnation === null) return false
  return one.incarnation !== other.incarnation || (one.seq !== null && other.seq !== null)
}

function announcementOf ({ info, incarnation, seq, state, load }: StoredLease, ttlMs: number): Announcement {
  return Object.freeze({ info, state, incarnation, seq, load, ttlMs, heardHere: false })
}
