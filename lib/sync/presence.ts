import { limited } from '../limited.js'
import { isOnLoopback } from './loopback.js'
import type { Clock } from '../../types/clock.js'
import type { GatewayPresence, RegistryStore } from '../../types/store.js'

export interface PresenceParts {
  /** This gateway's. */
  readonly id: string
  readonly machine: string
  readonly store: Pick<RegistryStore, 'announce'>
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** How often a gateway says that it is there, and for how long that holds. ms */
const times = { everyMs: 5000, ttlMs: 15_000 } as const

/** Where the gateways of a group are reached, this one among them. */
export class Presence {
  readonly #parts: PresenceParts
  #gateways: readonly string[] = []
  #address: string | null = null
  #dueAt = -Infinity
  #announcing: Promise<void> | null = null
  #leaving: Promise<void> | null = null

  constructor (parts: PresenceParts) {
    this.#parts = parts
  }

  /** As far as it is known. */
  get gateways (): readonly string[] {
    return this.#gateways
  }

  /** This gateway listens there, which `announce` will say. */
  listens (address: string | null): void {
    this.#address = address
  }

  /** Takes in which gateways the store shows. */
  take (gateways: readonly GatewayPresence[]): void {
    const { id } = this.#parts
    if (!gateways.some(each => each?.id === id)) this.#dueAt = -Infinity
    this.#gateways = [...new Set(gateways.filter(each => this.#isReachable(each)).map(({ address }) => address))].sort()
  }

  /** Says that this gateway is there, when it is time. */
  announce (): Promise<void> {
    const address = this.#address
    if (address === null || this.#leaving !== null || this.#parts.clock.now() < this.#dueAt) return Promise.resolve()
    this.#dueAt = this.#parts.clock.now() + times.everyMs
    this.#announcing ??= this.#say(address, times.ttlMs)
      .catch(() => { this.#dueAt = -Infinity })
      .finally(() => { this.#announcing = null })
    return this.#announcing
  }

  /** This gateway is about to go, and does not come back. */
  leave (): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  async #leave (): Promise<void> {
    const address = this.#address
    this.#gateways = this.#gateways.filter(each => each !== address)
    // What is said last must come last
    await this.#announcing
    if (address !== null) await this.#say(address, 0).catch(() => {})
  }

  async #say (address: string, ttlMs: number): Promise<void> {
    const { id, machine, store, clock } = this.#parts
    await limited(clock, 'the store', () => store.announce({ id, address, machine }, ttlMs))
  }

  /** A gateway on a loopback address is one only for its own machine. */
  #isReachable (gateway: GatewayPresence): boolean {
    if (typeof gateway?.address !== 'string' || !/^https?:/.test(gateway.address) || !URL.canParse(gateway.address)) return false
    const { id, machine } = this.#parts
    if (gateway.id === id && this.#leaving !== null) return false
    return gateway.machine === machine || !isOnLoopback(gateway.address)
  }
}
