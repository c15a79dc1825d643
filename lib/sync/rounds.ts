import type { Clock, Random } from '../../types/clock.js'

/** How often a round comes, ms. */
export const roundMs = 1000
/** How soon it comes after a hint, ms. */
const hintMs = 5

/** Does something about every second, and soon after a hint; one round at a time. */
export class Rounds {
  readonly #task: () => Promise<void>
  readonly #clock: Pick<Clock, 'now' | 'after'>
  readonly #random: Random
  #isStopped = false
  #isHinted = false
  /** The round that is under way. */
  #round: Promise<void> | null = null
  #nextAt = Infinity
  #cancelNext: () => void = () => {}

  /** `task` must not reject. */
  constructor (task: () => Promise<void>, clock: Pick<Clock, 'now' | 'after'>, random: Random) {
    this.#task = task
    this.#clock = clock
    this.#random = random
  }

  /** Begins with something else. Resolves when that has ended. */
  async start (first: () => Promise<void>): Promise<void> {
    this.#round = first()
    await this.#round
    this.#round = null
    this.#plan(roundMs)
  }

  hint (): void {
    if (this.#round === null) this.#plan(hintMs)
    else this.#isHinted = true
  }

  /** Ends. Resolves when the round that is under way has ended. */
  async stop (): Promise<void> {
    this.#isStopped = true
    this.#cancelNext()
    await this.#round
  }

  /** The next round comes after that time, or before: hints that follow each other closely must not put it off. */
  #plan (delayMs: number): void {
    const jitter = delayMs === roundMs ? 0.9 + 0.2 * this.#random() : 1
    const nextAt = this.#clock.now() + delayMs * jitter
    if (this.#isStopped || nextAt >= this.#nextAt) return
    this.#cancelNext()
    this.#nextAt = nextAt
    this.#cancelNext = this.#clock.after(delayMs * jitter, () => {
      this.#nextAt = Infinity
      this.#round = this.#next()
    })
  }

  async #next (): Promise<void> {
    await this.#task()
    this.#round = null
    const wasHinted = this.#isHinted
    this.#isHinted = false
    this.#plan(wasHinted ? hintMs : roundMs)
  }
}
