import { LeaseLog } from './lease-log.js'
import { NamedLeases } from './named-leases.js'
import type { Clock, Random } from '../../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, StoreChanges, StoredLease } from '../../../types/store.js'

/** A part of what changed. `more`: there is a further one, from its cursor on; orders and presences come with the last one. */
export interface Page extends StoreChanges {
  readonly more: boolean
}

/** What nobody has put for so long is forgotten. */
const rememberedMs = 600_000
const sweepMs = 60_000

/** What the gateways of one machine share, as the hub holds it. It is asked by one process alone, and forgets everything with it. */
export class SharedMemory {
  readonly #clock: Pick<Clock, 'now'>
  readonly #epoch: string
  readonly #log = new LeaseLog()
  readonly #named: NamedLeases
  readonly #drains = new Map<string, { readonly order: DrainOrder, readonly heardAt: number }>()
  readonly #gateways = new Map<string, { readonly gateway: GatewayPresence, readonly until: number }>()
  #sweptAt: number
  #news = 0

  constructor (clock: Pick<Clock, 'now' | 'wall'>, random: Random) {
    this.#clock = clock
    this.#named = new NamedLeases(clock)
    this.#epoch = `${clock.wall().toString(36)}-${random().toString(36).slice(2)}`
    this.#sweptAt = clock.now()
  }

  /** Counts what is worth a hint. */
  get news (): number {
    return this.#news
  }

  put (lease: Lease): void {
    this.#sweep()
    if (this.#log.put(lease, this.#clock.now())) this.#news++
  }

  drain (order: DrainOrder): void {
    this.#sweep()
    const key = `${order.service} ${order.id}`
    const kept = this.#drains.get(key)?.order
    const isNewer = kept === undefined || order.revision > kept.revision
    this.#drains.set(key, { order: isNewer ? order : kept, heardAt: this.#clock.now() })
    if (isNewer) this.#news++
  }

  announce (gateway: GatewayPresence, ttlMs: number): void {
    const now = this.#clock.now()
    const kept = this.#gateways.get(gateway.id)
    const isKnown = kept !== undefined && now < kept.until
    if (ttlMs > 0) this.#gateways.set(gateway.id, { gateway, until: now + ttlMs })
    else this.#gateways.delete(gateway.id)
    const isSame = isKnown && kept.gateway.address === gateway.address && kept.gateway.machine === gateway.machine
    if (ttlMs > 0 ? !isSame : isKnown) this.#news++
  }

  /** What was put since a cursor, of at least one lease and about `mostBytes` of them. */
  page (since: string | undefined, mostBytes: number): Page {
    const now = this.#clock.now()
    const seen = this.#versionOf(since)
    const leases: StoredLease[] = []
    let [version, bytes] = [this.#log.version, 0]
    let more = false
    for (const entry of this.#log.since(seen ?? 0)) {
      more = bytes >= mostBytes
      if (more) break
      leases.push({ ...entry.lease, ageMs: now - entry.putAt })
      bytes += entry.bytes
      version = entry.version
    }
    return {
      cursor: `${this.#epoch}.${more ? version : this.#log.version}`,
      complete: seen === undefined,
      leases,
      drains: more ? [] : Array.from(this.#drains.values(), ({ order }) => order),
      gateways: more ? [] : this.#present(now),
      more
    }
  }

  lease (name: string, owner: string, ttlMs: number): { readonly token: number } | undefined {
    const taken = this.#named.take(name, owner, ttlMs)
    if (taken?.isNew === true) this.#news++
    return taken === undefined ? undefined : { token: taken.token }
  }

  release (name: string, owner: string): void {
    if (this.#named.release(name, owner)) this.#news++
  }

  /** undefined: the cursor is none of this memory. */
  #versionOf (cursor: string | undefined): number | undefined {
    const [, epoch, version] = /^([^.]+)\.(\d{1,15})$/.exec(cursor ?? '') ?? []
    return epoch === this.#epoch && Number(version) <= this.#log.version ? Number(version) : undefined
  }

  #present (now: number): GatewayPresence[] {
    for (const [id, { until }] of this.#gateways) {
      if (until <= now) this.#gateways.delete(id)
    }
    return Array.from(this.#gateways.values(), ({ gateway }) => gateway)
  }

  #sweep (): void {
    const now = this.#clock.now()
    if (now - this.#sweptAt < sweepMs) return
    this.#sweptAt = now
    this.#log.forget(now - rememberedMs)
    this.#named.sweep(now)
    for (const [key, { heardAt }] of this.#drains) {
      if (heardAt < now - rememberedMs) this.#drains.delete(key)
    }
  }
}
