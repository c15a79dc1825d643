/** Successes and failures of the last while. */
export interface Counts { readonly successes: number, readonly failures: number }

const slotCount = 10

/**
 * Counts over a sliding window, in ten slots: what is older than the window is not counted, whatever happened or did not happen since.
 * Exact buckets rather than a moving average, whose threshold would depend on the rate of requests.
 */
export class Window {
  readonly #slotMs: number
  readonly #successes = new Uint32Array(slotCount)
  readonly #failures = new Uint32Array(slotCount)
  /** The number of the newest slot since time began. */
  #newest = 0

  constructor (windowMs: number) {
    this.#slotMs = windowMs / slotCount
  }

  add (isSuccess: boolean, now: number): void {
    this.#expire(now)
    const slots = isSuccess ? this.#successes : this.#failures
    const index = this.#newest % slotCount
    slots[index] = Number(slots[index]) + 1
  }

  counts (now: number): Counts {
    this.#expire(now)
    return { successes: sum(this.#successes), failures: sum(this.#failures) }
  }

  clear (): void {
    this.#successes.fill(0)
    this.#failures.fill(0)
  }

  /** Empties every slot that time has passed over since the last look. */
  #expire (now: number): void {
    const slot = Math.max(this.#newest, Math.floor(now / this.#slotMs))
    for (let passed = Math.max(this.#newest, slot - slotCount) + 1; passed <= slot; passed++) {
      this.#successes[passed % slotCount] = 0
      this.#failures[passed % slotCount] = 0
    }
    this.#newest = slot
  }
}

function sum (slots: Uint32Array): number {
  return slots.reduce((total, count) => total + count, 0)
}
