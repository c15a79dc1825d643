const slotCount = 10

/**
 * Counts over a sliding window, in ten slots: what is older than the window does not count, however long nobody looked (as tower's
 * `TpsBudget`). Exact slots rather than a moving average, whose value would depend on the rate of events.
 */
export class SlidingCount {
  readonly #slotMs: number
  readonly #slots = new Uint32Array(slotCount)
  #sum = 0
  /** The number of the newest slot since time began. */
  #newest = 0

  constructor (windowMs: number) {
    this.#slotMs = windowMs / slotCount
  }

  /** Counts one. `now`: monotonic ms; what comes late counts now. */
  add (now: number): void {
    this.#expire(now)
    const index = this.#newest % slotCount
    this.#slots[index] = Number(this.#slots[index]) + 1
    this.#sum++
  }

  /** How many the window that ends `now` has. */
  count (now: number): number {
    this.#expire(now)
    return this.#sum
  }

  clear (): void {
    this.#slots.fill(0)
    this.#sum = 0
  }

  /** Empties every slot that time has passed over since the last look. */
  #expire (now: number): void {
    const slot = Math.floor(now / this.#slotMs)
    for (let passed = Math.max(this.#newest, slot - slotCount) + 1; passed <= slot; passed++) {
      const index = passed % slotCount
      this.#sum -= Number(this.#slots[index])
      this.#slots[index] = 0
    }
    this.#newest = Math.max(this.#newest, slot)
  }
}
