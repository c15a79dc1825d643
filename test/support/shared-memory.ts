import type { Clock } from '../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges } from '../../types/store.js'

interface Held { readonly owner: string, readonly token: number, readonly until: number }

/** What several stores share, in this process, with faults that a test can cause. */
export class SharedMemory {
  /** `down`: calls reject at once; `hangs`: they never settle; `read-only`: nothing can be written. */
  state: 'up' | 'down' | 'hangs' | 'read-only' = 'up'
  /** Every lease that was put, accepted or not. */
  readonly puts: Lease[] = []
  readonly leases = new Map<string, { readonly lease: Lease, readonly version: number, readonly putAt: number }>()
  readonly drains = new Map<string, DrainOrder>()
  readonly #clock: Pick<Clock, 'now'>
  readonly #listeners = new Set<() => void>()
  readonly #gateways = new Map<string, { readonly presence: GatewayPresence, readonly until: number }>()
  readonly #held = new Map<string, Held>()
  #epoch = 1
  #version = 0
  #token = 0
  /** How often it was asked for changes. */
  asked = 0

  constructor (clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The gateways whose presence is not over. */
  get gateways (): readonly GatewayPresence[] {
    return [...this.#gateways.values()].filter(({ until }) => this.#clock.now() < until).map(({ presence }) => presence)
  }

  /** All is lost, as by FLUSHALL. */
  clear (): void {
    this.#epoch++
    for (const part of [this.leases, this.drains, this.#gateways, this.#held]) part.clear()
  }

  hint (): void {
    for (const listener of this.#listeners) listener()
  }

  /** One more gateway's store. `withLeases` false: it knows no leader. */
  open ({ withLeases = true }: { withLeases?: boolean } = {}): RegistryStore {
    const call = async <T>(writes: boolean, task: () => T): Promise<T> => {
      if (this.state === 'hangs') return await new Promise<T>(() => {})
      if (this.state === 'down' || (writes && this.state === 'read-only')) throw new Error(`the memory is ${this.state}`)
      return task()
    }
    return {
      kind: 'memory',
      put: lease => call(true, () => this.#put(lease)),
      drain: order => call(true, () => this.#drain(order)),
      announce: (presence, ttlMs) => call(true, () => { this.#gateways.set(presence.id, { presence, until: this.#clock.now() + ttlMs }) }),
      changes: since => {
        this.asked++
        return call(false, () => this.#changes(since))
      },
      onHint: listener => {
        this.#listeners.add(listener)
        return () => { this.#listeners.delete(listener) }
      },
      ...withLeases && {
        lease: (name: string, owner: string, ttlMs: number) => call(true, () => this.#lease(name, owner, ttlMs)),
        release: (name: string, owner: string) => call(true, () => { if (this.#held.get(name)?.owner === owner) this.#held.delete(name) })
      }
    }
  }

  #put (lease: Lease): void {
    this.puts.push(lease)
    const key = `${lease.info.service}/${lease.info.id}`
    const kept = this.leases.get(key)?.lease
    if (kept === undefined || isNewer(lease, kept)) this.leases.set(key, { lease, version: ++this.#version, putAt: this.#clock.now() })
  }

  #drain (order: DrainOrder): void {
    const key = `${order.service}/${order.id}`
    if (order.revision > (this.drains.get(key)?.revision ?? -1)) this.drains.set(key, order)
  }

  #changes (since: string | undefined): StoreChanges {
    const [epoch, seen] = (since ?? '').split(' ')
    const complete = epoch !== String(this.#epoch)
    const now = this.#clock.now()
    return {
      cursor: `${this.#epoch} ${this.#version}`,
      complete,
      leases: [...this.leases.values()].filter(({ version }) => complete || version > Number(seen)).map(({ lease, putAt }) => ({ ...lease, ageMs: now - putAt })),
      drains: [...this.drains.values()],
      gateways: this.gateways
    }
  }

  #lease (name: string, owner: string, ttlMs: number): { token: number } | undefined {
    const now = this.#clock.now()
    const held = this.#held.get(name)
    if (held !== undefined && held.owner !== owner && now < held.until) return undefined
    const token = held?.owner === owner && now < held.until ? held.token : ++this.#token
    this.#held.set(name, { owner, token, until: now + ttlMs })
    return { token }
  }
}

function isNewer (lease: Lease, kept: Lease): boolean {
  if (lease.incarnation === null || kept.incarnation === null) return true
  if (lease.incarnation !== kept.incarnation) return lease.incarnation > kept.incarnation
  return kept.state !== 'left' && (lease.seq === null || kept.seq === null || lease.seq > kept.seq)
}
