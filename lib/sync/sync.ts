import { limited } from './limited.js'
import { Outbox } from './outbox.js'
import { SharedDrains } from './shared-drains.js'
import { SharedLeases } from './shared-leases.js'
import type { Announcement, Verdict } from '../registry/announcement.js'
import type { NodeRegistry } from '../registry/registry.js'
import type { Clock, Random } from '../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges } from '../../types/store.js'

export interface SyncParts {
  /** This gateway's; unique per process. */
  readonly id: string
  readonly machine: string
  readonly store: RegistryStore
  readonly registry: Pick<NodeRegistry, 'announce' | 'drain' | 'has' | 'sustain' | 'onChange' | 'onGone'>
  readonly clock: Clock
  readonly random: Random
  /** The store does not answer any more, or answers again; each when it begins. */
  readonly troubled: (error: Error | null) => void
  /** Something in the store cannot be used. */
  readonly refused: (what: object, error: Error) => void
}

/** How often the store is asked, how often for everything, how soon after a hint, how long the first answer is waited for, and how soon it is asked for again. ms */
const pollMs = 1000
const completeMs = 30_000
const hintMs = 5
const firstMs = 2000
const againMs = 100
/** How often a gateway says that it is there, and for how long that holds. ms */
const presence = { everyMs: 5000, ttlMs: 15_000 } as const
/** The longest time between two questions that is the store's fault; the rest is this process' own pause, ms. */
const mostSilentMs = 2 * pollMs
/** An address that means another machine on every machine. */
const loopback = /^https?:\/\/(127\.|localhost\b|\[::1\])/

/**
 * Keeps the registry of this gateway and a store alike: what is heard here goes into the store, what others heard comes from it. The registry
 * is what requests see; without the store it goes on with what it knows.
 */
export class Sync {
  readonly #parts: SyncParts
  readonly #leases: SharedLeases
  readonly #drains: SharedDrains
  readonly #outboxes: readonly [Outbox<Lease>, Outbox<DrainOrder>]
  #cursor: string | undefined
  #completeAt = -Infinity
  #gateways: readonly string[] = []
  #address: string | null = null
  #presentAt = -Infinity
  #askedAt: number
  #isAnswering = false
  #isTroubled = false
  #isStopped = false
  #isHinted = false
  #round: Promise<void> | null = null
  #cancelNext: () => void = () => {}
  readonly #stops: Array<() => void> = []

  constructor (parts: SyncParts) {
    const { id, machine, store, registry, clock, refused } = parts
    this.#parts = parts
    this.#askedAt = clock.now()
    const failed = (error: Error): void => this.#tell(error)
    const leases = new Outbox<Lease>(lease => limited(clock, () => store.put(lease)), failed)
    const orders = new Outbox<DrainOrder>(order => limited(clock, () => store.drain(order)), failed)
    this.#outboxes = [leases, orders]
    this.#leases = new SharedLeases({
      id, machine, refused, learn: announcement => registry.announce(announcement).kind === 'accepted', put: (key, lease) => leases.add(key, lease)
    })
    this.#drains = new SharedDrains({
      wall: clock.wall,
      drain: (service, node, draining) => registry.drain(service, node, draining),
      has: (service, node) => registry.has(service, node),
      put: (key, order) => orders.add(key, order)
    })
    this.#stops.push(registry.onGone(({ info }) => this.#leases.gone(info)))
    this.#stops.push(registry.onChange(change => { if (change.from === null) this.#drains.came(change) }))
  }

  /** The store answers, and takes what it is given. */
  get isConnected (): boolean {
    return this.#isAnswering && this.#outboxes.every(({ isWorking }) => isWorking)
  }

  /** Where the gateways of this group are reached, as far as it is known. */
  get gateways (): readonly string[] {
    return this.#gateways
  }

  /** Takes in a heartbeat of a node, and shares it if it is news. */
  announce (announcement: Announcement): Verdict {
    const { registry } = this.#parts
    const verdict = registry.announce(announcement)
    if (verdict.kind !== 'accepted') return verdict
    this.#leases.heard(announcement)
    if (announcement.state === 'left') this.#drains.left(announcement.info.service, announcement.info.id)
    return verdict
  }

  /** Takes a node out of new traffic, or puts it back, on all gateways. False: it is not known here. */
  drain (service: string, id: string, draining: boolean): boolean {
    const isKnown = this.#parts.registry.drain(service, id, draining)
    if (isKnown) this.#drains.order(service, id, draining)
    return isKnown
  }

  /** Loads what the store knows, for 2 s at most, and goes on from there. */
  async start (): Promise<void> {
    const { store, clock } = this.#parts
    const until = clock.now() + firstMs
    await this.#ask()
    while (!this.#isAnswering && !this.#isStopped && clock.now() < until) {
      await new Promise<void>(resolve => { clock.after(againMs, resolve) })
      await this.#ask()
    }
    if (this.#isStopped) return
    this.#stops.push(store.onHint?.(() => this.#hinted()) ?? (() => {}))
    this.#plan(pollMs)
  }

  /** This gateway listens there, and says so. null: it is about to go. */
  async present (address: string | null): Promise<void> {
    const { id, machine, store, clock } = this.#parts
    const last = this.#address
    this.#address = address
    this.#presentAt = -Infinity
    if (address !== null) return await this.#announce()
    this.#gateways = this.#gateways.filter(each => each !== last)
    if (last !== null) await limited(clock, () => store.announce({ id, address: last, machine }, 0)).catch(() => {})
  }

  /** Ends. What is under way is waited for. */
  async stop (): Promise<void> {
    this.#isStopped = true
    this.#cancelNext()
    for (const stop of this.#stops) stop()
    await this.#round
    await this.present(null)
    await limited(this.#parts.clock, async () => await this.#parts.store.close?.()).catch(() => {})
  }

  #hinted (): void {
    if (this.#round === null) this.#plan(hintMs)
    else this.#isHinted = true
  }

  #plan (delayMs: number): void {
    const { clock, random } = this.#parts
    this.#cancelNext()
    if (this.#isStopped) return
    const jitter = delayMs === pollMs ? 0.9 + 0.2 * random() : 1
    this.#cancelNext = clock.after(delayMs * jitter, () => {
      this.#round = this.#ask().then(() => this.#announce()).then(() => {
        this.#round = null
        const wasHinted = this.#isHinted
        this.#isHinted = false
        this.#plan(wasHinted ? hintMs : pollMs)
      })
    })
  }

  /** Asks the store what is new. */
  async #ask (): Promise<void> {
    const { store, clock, random, registry } = this.#parts
    const since = clock.now() >= this.#completeAt ? undefined : this.#cursor
    try {
      const changes = await limited(clock, () => store.changes(since))
      if (this.#isStopped) return
      const complete = changes.complete || since === undefined
      this.#take({ ...changes, complete })
      this.#cursor = changes.cursor
      if (complete) this.#completeAt = clock.now() + completeMs * (0.8 + 0.4 * random())
      this.#isAnswering = true
      for (const outbox of this.#outboxes) outbox.open()
      this.#tell(null)
    } catch (error) {
      this.#isAnswering = false
      for (const outbox of this.#outboxes) outbox.shut()
      registry.sustain(Math.min(mostSilentMs, clock.now() - this.#askedAt))
      this.#tell(error as Error)
    }
    this.#askedAt = clock.now()
  }

  #take (changes: StoreChanges): void {
    this.#leases.take(changes)
    this.#drains.take(changes)
    this.#gateways = this.#addressesOf(changes.gateways)
    if (!changes.gateways.some(({ id }) => id === this.#parts.id)) this.#presentAt = -Infinity
  }

  /** A gateway on a loopback address is one only for its own machine. */
  #addressesOf (gateways: readonly GatewayPresence[]): readonly string[] {
    const reachable = gateways.filter(({ id, address, machine }) =>
      (id !== this.#parts.id || this.#address !== null) && (machine === this.#parts.machine || !loopback.test(address)))
    return [...new Set(reachable.map(({ address }) => address))].sort()
  }

  async #announce (): Promise<void> {
    const { id, machine, store, clock } = this.#parts
    const address = this.#address
    if (address === null || !this.#isAnswering || clock.now() < this.#presentAt) return
    this.#presentAt = clock.now() + presence.everyMs
    await limited(clock, () => store.announce({ id, address, machine }, presence.ttlMs)).catch(() => { this.#presentAt = -Infinity })
  }

  /** Says once that the store is away, and once that it is back. */
  #tell (error: Error | null): void {
    if (error === null ? !this.#isTroubled || !this.isConnected : this.#isTroubled) return
    this.#isTroubled = error !== null
    this.#parts.troubled(error)
  }
}
