import type { Outcome } from '../../types/attempt.js'
import type { Clock } from '../../types/clock.js'
import type { Try } from './try.js'

/** The attempts of a request that run now: none, one, or two while it is hedged. */
export class Race {
  readonly #clock: Pick<Clock, 'now'>
  #first: Try | null = null
  #second: Try | null = null

  constructor (clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get isHedged (): boolean {
    return this.#second !== null
  }

  /** The one that has run for longest, when its response head is not here yet; else null. */
  get waiting (): Try | null {
    return this.#first?.answer === null ? this.#first : null
  }

  has (one: Try): boolean {
    return one === this.#first || one === this.#second
  }

  /** An attempt begins, beside the one that runs. */
  join (one: Try): void {
    if (this.#first === null) this.#first = one
    else this.#second = one
  }

  /** An attempt is over; if there is another it runs on alone. */
  leave (one: Try, outcome: Outcome): void {
    this.#forget(one)
    one.settle(outcome)
  }

  /** An attempt has the answer: the other one is cut off. */
  win (one: Try): void {
    const other = one === this.#first ? this.#second : this.#first
    if (other === null) return
    this.#forget(other)
    other.drop(this.elapsedMs(other))
  }

  /** Cuts all off that still run. */
  end (): void {
    const [first, second] = [this.#first, this.#second]
    this.#first = this.#second = null
    try {
      first?.drop(this.elapsedMs(first))
    } finally {
      second?.drop(this.elapsedMs(second))
    }
  }

  elapsedMs ({ attempt }: Try): number {
    return this.#clock.now() - attempt.startedAt
  }

  #forget (one: Try): void {
    if (one === this.#first) {
      this.#first = this.#second
      this.#second = null
    } else if (one === this.#second) {
      this.#second = null
    }
  }
}
