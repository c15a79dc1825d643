/** How many slots the window has; one falls out at a time. */
const slotCount = 10
/** The length of the window, ms. */
export const windowMs = 10_000
const slotMs = windowMs / slotCount

/** Counts two kinds of events over the last ten seconds. What is older does not count, however long nobody looked (as tower's `TpsBudget`). */
export class WindowSums {
  readonly #deposits = new Uint32Array(slotCount)
  readonly #withdrawals = new Uint32Array(slotCount)
  #deposited = 0
  #withdrawn = 0
  #newest = 0

  /** Those of the window that ends `now`, monotonic ms. */
  deposited (now: number): number {
    this.#slotAt(now)
    return this.#deposited
  }

  withdrawn (now: number): number {
    this.#slotAt(now)
    return this.#withdrawn
  }

  deposit (now: number): void {
    const index = this.#slotAt(now)
    this.#deposits[index] = Number(this.#deposits[index]) + 1
    this.#deposited++
  }

  withdraw (now: number): void {
    const index = this.#slotAt(now)
    this.#withdrawals[index] = Number(this.#withdrawals[index]) + 1
    this.#withdrawn++
  }

  /** The index of the current slot, after all slots that time has passed over were emptied. */
  #slotAt (now: number): number {
    const slot = Math.floor(now / slotMs)
    if (slot > this.#newest) this.#expire(slot)
    return this.#newest % slotCount
  }

  #expire (slot: number): void {
    for (let passed = Math.max(this.#newest, slot - slotCount) + 1; passed <= slot; passed++) {
      const index = passed % slotCount
      this.#deposited -= Number(this.#deposits[index])
      this.#withdrawn -= Number(this.#withdrawals[index])
      this.#deposits[index] = this.#withdrawals[index] = 0
    }
    this.#newest = slot
  }
}
