import { limitMs, limited } from '../limited.js'
import { oncePerReason } from './once-per-reason.js'
import { Outbox } from './outbox.js'
import { Presence } from './presence.js'
import { Rounds, roundMs } from './rounds.js'
import { SharedDrains } from './shared-drains.js'
import { SharedLeases } from './shared-leases.js'
import type { Announcement, Verdict } from '../registry/announcement.js'
import type { NodeRegistry } from '../registry/registry.js'
import type { Clock, Random } from '../../types/clock.js'
import type { DrainOrder, Lease, RegistryStore, StoreChanges } from '../../types/store.js'

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
  /** Something in the store cannot be used; once for each reason. */
  readonly refused: (what: object, error: Error) => void
}

/** How often the store is asked for everything, how long the first answer is waited for, and how soon it is asked for again. ms */
const completeMs = 30_000
const firstMs = 2000
const againMs = 100
/** How long the store may take to show everything at the start, when nobody waits for requests yet, and what it shows after a silence, ms. */
const loadMs = 1000
/** How long it may take later to show everything. Meanwhile nothing is learned of it, and leases must not run out. ms */
const compareMs = 2000
/** The longest time between two answers that is the store's fault; the rest is this process' own pause, ms. */
const mostSilentMs = 2 * roundMs + compareMs

/**
 * Keeps the registry of this gateway and a store alike: what is heard here goes into the store, what others heard comes from it. The registry
 * is what requests see; without the store it goes on with what it knows.
 */
export class Sync {
  readonly #parts: SyncParts
  readonly #leases: SharedLeases
  readonly #drains: SharedDrains
  readonly #presence: Presence
  readonly #rounds: Rounds
  readonly #outboxes: readonly [Outbox<Lease>, Outbox<DrainOrder>]
  readonly #stops: Array<() => void> = []
  #cursor: string | undefined
  #completeAt = -Infinity
  #askedAt: number
  #isAnswering = false
  #isTroubled = false
  #isStopped = false

  constructor (parts: SyncParts) {
    const { id, machine, store, registry, clock } = parts
    this.#parts = parts
    this.#askedAt = clock.now()
    const failed = (error: Error): void => this.#tell(error)
    const refused = oncePerReason(parts.refused)
    const leases = new Outbox<Lease>(lease => this.#leases.write(lease), failed, clock)
    const orders = new Outbox<DrainOrder>(order => limited(clock, 'the store', () => store.drain(order)), failed, clock)
    this.#outboxes = [leases, orders]
    this.#leases = new SharedLeases({
      id,
      machine,
      refused,
      now: () => clock.now(),
      learn: announcement => this.#learn(announcement).kind === 'accepted',
      put: (key, lease, isUrgent) => leases.add(key, lease, isUrgent),
      send: lease => limited(clock, 'the store', () => store.put(lease))
    })
    this.#drains = new SharedDrains({
      refused,
      now: () => clock.now(),
      wall: () => clock.wall(),
      drain: (service, node, draining) => registry.drain(service, node, draining),
      has: (service, node) => registry.has(service, node),
      put: (key, order) => orders.add(key, order)
    })
    this.#presence = new Presence(parts)
    this.#rounds = new Rounds(() => this.#look(), clock, parts.random)
    this.#stops.push(registry.onGone(({ info }) => this.#leases.gone(info)))
    this.#stops.push(registry.onChange(change => { if (change.from === null) this.#drains.came(change) }))
  }

  /** The store answers, and takes what it is given. */
  get isConnected (): boolean {
    return this.#isAnswering && this.#outboxes.every(({ isWorking }) => isWorking)
  }

  /** Where the gateways of this group are reached, as far as it is known. */
  get gateways (): readonly string[] {
    return this.#presence.gateways
  }

  /** Takes in a heartbeat of a node, and shares it if it is news. */
  announce (announcement: Announcement): Verdict {
    const { info: { service, id }, state } = announcement
    const wasKnown = this.#parts.registry.has(service, id)
    const verdict = this.#learn(announcement)
    if (verdict.kind !== 'accepted') return verdict
    if (state === 'left' && !wasKnown) this.#leases.heardOfUnknown(announcement)
    else this.#leases.heard(announcement)
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
    if (this.#isStopped) return
    await this.#rounds.start(() => this.#load())
    if (!this.#isStopped) this.#stops.push(this.#parts.store.onHint?.(() => this.#rounds.hint()) ?? (() => {}))
  }

  /** This gateway listens there, and says so. null: nobody can reach it. */
  async listens (address: string | null): Promise<void> {
    this.#presence.listens(address)
    if (this.#isAnswering) await this.#presence.announce()
  }

  /** This gateway is about to go, and says so. */
  leave (): Promise<void> {
    return this.#presence.leave()
  }

  /** Ends. What is under way is waited for, and what waits is written if it can be. */
  async stop (): Promise<void> {
    const { store, clock } = this.#parts
    this.#isStopped = true
    for (const stop of this.#stops) stop()
    await Promise.all([this.#rounds.stop(), this.leave(), ...this.#outboxes.map(outbox => limited(clock, 'the store', () => outbox.end()).catch(() => {}))])
    for (const outbox of this.#outboxes) outbox.shut()
    await limited(clock, 'the store', async () => await store.close?.()).catch(() => {})
  }

  /** Takes in what a node says, whoever heard it. A goodbye ends what was wanted of it: an order may have been on its way to the gateway that heard it. */
  #learn (announcement: Announcement): Verdict {
    const { registry } = this.#parts
    const { info: { service, id }, state } = announcement
    const verdict = registry.announce(announcement)
    // A static node stays, and so does what is wanted of it
    if (verdict.kind === 'accepted' && state === 'left' && !registry.has(service, id)) this.#drains.left(service, id)
    return verdict
  }

  async #load (): Promise<void> {
    const { clock } = this.#parts
    const until = clock.now() + firstMs
    await this.#ask(loadMs)
    while (!this.#isAnswering && !this.#isStopped && clock.now() < until) {
      await new Promise<void>(resolve => { clock.after(againMs, resolve) })
      if (!this.#isStopped) await this.#ask(loadMs)
    }
  }

  async #look (): Promise<void> {
    await this.#ask()
    if (this.#isAnswering && !this.#isStopped) await this.#presence.announce()
  }

  /** Asks the store what is new, or for everything when it is time for that. */
  async #ask (longestMs: number = compareMs): Promise<void> {
    const { store, clock } = this.#parts
    const since = clock.now() >= this.#completeAt ? undefined : this.#cursor
    // Where the last question failed another store may answer, which has everything to show
    const limit = since === undefined ? longestMs : this.#isAnswering ? limitMs : loadMs
    this.#leases.asks()
    try {
      const changes = await limited(clock, 'the store', () => store.changes(since), limit)
      if (this.#isStopped) return
      this.#take({ ...changes, complete: changes.complete || since === undefined })
    } catch (error) {
      if (this.#isStopped) return
      const isTooMuch = since === undefined && this.#cursor !== undefined
      if (isTooMuch) this.#completeAt = this.#nextComparisonAt
      if (isTooMuch && this.#isAnswering) return await this.#ask()
      this.#lose(error as Error)
    }
    this.#askedAt = clock.now()
  }

  #take (changes: StoreChanges): void {
    // The others need a while to write what they have heard meanwhile
    if (!this.#isAnswering) this.#parts.registry.sustain(this.#silentMs, 2 * roundMs)
    const isTaken = this.#leases.take(changes)
    this.#drains.take(changes)
    this.#presence.take(changes.gateways)
    if (isTaken) this.#cursor = changes.cursor
    if (isTaken && changes.complete) this.#completeAt = this.#nextComparisonAt
    this.#isAnswering = true
    for (const outbox of this.#outboxes) outbox.open()
    this.#tell(null)
  }

  #lose (error: Error): void {
    this.#isAnswering = false
    for (const outbox of this.#outboxes) outbox.shut()
    this.#parts.registry.sustain(this.#silentMs)
    this.#tell(error)
  }

  get #nextComparisonAt (): number {
    const { clock, random } = this.#parts
    return clock.now() + completeMs * (0.8 + 0.4 * random())
  }

  get #silentMs (): number {
    return Math.min(mostSilentMs, this.#parts.clock.now() - this.#askedAt)
  }

  /** Says once that the store is away, and once that it is back. */
  #tell (error: Error | null): void {
    if (this.#isStopped || (error === null ? !this.#isTroubled || !this.isConnected : this.#isTroubled)) return
    this.#isTroubled = error !== null
    this.#parts.troubled(error)
  }
}
