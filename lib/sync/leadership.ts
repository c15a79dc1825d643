import { limited } from '../limited.js'
import type { Clock } from '../../types/clock.js'
import type { RegistryStore } from '../../types/store.js'

/** How long a lease lasts, how often it is lengthened, and how long its owner trusts it: less, for it ends before others may have it. ms */
const times = { ttlMs: 5000, roundMs: 1000, trustMs: 4000 } as const
const leaseName = 'leader'

export interface LeadershipParts {
  readonly id: string
  readonly store: RegistryStore
  readonly clock: Clock
  /** Whether this gateway may lead now. */
  readonly isFit: () => boolean
  /** A listener threw. */
  readonly failed: (error: unknown) => void
}

interface Subscription { readonly listener: (token: number | null) => unknown }

/** Whether this gateway leads its group: one at most does, by a lease in the store, as long as that remembers it. */
export class Leadership {
  readonly #parts: LeadershipParts
  readonly #listeners = new Set<Subscription>()
  #token: number | null = null
  #trustedUntil = -Infinity
  /** What the listeners were told. */
  #told: number | null = null
  #asking: Promise<void> | null = null
  #stopping: Promise<void> | null = null
  #stopRounds: () => void = () => {}

  constructor (parts: LeadershipParts) {
    this.#parts = parts
  }

  get isLeader (): boolean {
    return this.#token !== null && this.#stopping === null && this.#parts.clock.now() < this.#trustedUntil
  }

  /** It leads, or it was the last that the store let lead: with the store away nobody else can. */
  get wasLast (): boolean {
    return this.#token !== null
  }

  start (): void {
    if (this.#parts.store.lease === undefined || this.#stopping !== null) return
    this.#stopRounds = this.#parts.clock.every(times.roundMs, () => this.#look())
    this.#look()
  }

  /** Gives the lead away, for good. */
  stop (): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Calls `listener` with the token when this gateway begins to lead, and with null when it no longer does. Returns the function that ends it. */
  onLeader (listener: (token: number | null) => void): () => void {
    this.#tellAll()
    const subscription = { listener }
    this.#listeners.add(subscription)
    if (this.#told !== null) this.#tell(subscription, this.#told)
    return () => { this.#listeners.delete(subscription) }
  }

  async #stop (): Promise<void> {
    this.#stopRounds()
    await this.#asking
    await this.#release()
  }

  /** A round: each second. One call at a time: an answer of a later one would be taken for an earlier one's. */
  #look (): void {
    this.#tellAll()
    this.#asking ??= this.#ask().catch(() => {}).then(() => {
      this.#asking = null
      this.#tellAll()
    })
  }

  async #ask (): Promise<void> {
    const { id, store, clock, isFit } = this.#parts
    if (!isFit()) return await this.#release()
    const sentAt = clock.now()
    const lease = await limited(clock, 'the store', async () => await store.lease?.(leaseName, id, times.ttlMs))
    this.#token = Number.isFinite(lease?.token) ? Number(lease?.token) : null
    this.#trustedUntil = sentAt + times.trustMs
  }

  async #release (): Promise<void> {
    if (this.#token === null) return
    this.#token = null
    this.#tellAll()
    const { id, store, clock } = this.#parts
    await limited(clock, 'the store', async () => await store.release?.(leaseName, id)).catch(() => {})
  }

  #tellAll (): void {
    const token = this.isLeader ? this.#token : null
    if (token === this.#told) return
    this.#told = token
    for (const subscription of [...this.#listeners]) this.#tell(subscription, token)
  }

  #tell (subscription: Subscription, token: number | null): void {
    if (!this.#listeners.has(subscription)) return
    try {
      const result = subscription.listener(token)
      if (result instanceof Promise) result.catch(this.#parts.failed)
    } catch (error) {
      this.#parts.failed(error)
    }
  }
}
