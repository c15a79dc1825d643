import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../types/clock.js'
import type { TroubleKind } from './reaction.js'

const repeatMs = 60_000

/** Writes to the log how one gateway takes the heartbeats: when it accepts the first, when a kind of trouble begins and when all of it ends, not every beat. */
export class TroubleLog {
  readonly #log: FastifyBaseLogger
  readonly #clock: Clock
  readonly #gateway: string
  readonly #toldAt = new Map<TroubleKind, number>()
  #isRegistered = false

  constructor (log: FastifyBaseLogger, clock: Clock, gateway: string) {
    this.#log = log
    this.#clock = clock
    this.#gateway = gateway
  }

  /** A beat failed. A message that does not fit the protocol is a mistake that somebody must correct: it is repeated once a minute. `cure`: what to do about it, if that is known. */
  seen (trouble: TroubleKind, detail: string, cure: string | null): void {
    const now = this.#clock.now()
    const toldAt = this.#toldAt.get(trouble)
    if (toldAt !== undefined && (trouble !== 'invalid' || now - toldAt < repeatMs)) return
    this.#toldAt.set(trouble, now)
    this.#log.warn({ gateway: this.#gateway, trouble, detail, ...cure === null ? {} : { cure } }, 'heartbeat not accepted')
  }

  /** A beat was accepted. `id`: what the gateway calls this node. */
  accepted (service: string, id: string): void {
    if (!this.#isRegistered) this.#log.info({ gateway: this.#gateway, service, id }, 'registered')
    else if (this.#toldAt.size > 0) this.#log.info({ gateway: this.#gateway, troubles: [...this.#toldAt.keys()] }, 'heartbeat accepted again')
    this.#isRegistered = true
    this.#toldAt.clear()
  }
}
