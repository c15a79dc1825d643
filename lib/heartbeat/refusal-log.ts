import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../types/clock.js'

/** How long the same trouble is not told again. */
export const quietMs = 60_000
const mostTroubles = 1000

/** Tells the operator when trouble with heartbeats begins and each minute that it lasts, and not at every beat: a stranger must not be able to fill the log. */
export class RefusalLog {
  readonly #clock: Pick<Clock, 'now'>
  /** Longest told ago first, by peer and code. */
  readonly #troubles = new Map<string, { readonly toldAt: number, times: number }>()

  constructor (clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Logs a refusal, unless the same peer was refused for the same within the last minute. */
  tell (log: Pick<FastifyBaseLogger, 'warn'>, peer: string, refusal: { readonly code: string, readonly message: string }): void {
    const now = this.#clock.now()
    const key = `${peer} ${refusal.code}`
    const known = this.#troubles.get(key)
    if (known !== undefined && now - known.toldAt < quietMs) {
      known.times++
      return
    }
    this.#forget(now)
    if (this.#troubles.size >= mostTroubles) return
    this.#troubles.delete(key)
    this.#troubles.set(key, { toldAt: now, times: 0 })
    log.warn({ peer, code: refusal.code, reason: refusal.message, before: known?.times ?? 0 }, 'heartbeat refused')
  }

  #forget (now: number): void {
    for (const [key, { toldAt }] of this.#troubles) {
      // Twice, so that trouble that goes on is told with how often it came.
      if (now - toldAt < 2 * quietMs) return
      this.#troubles.delete(key)
    }
  }
}
