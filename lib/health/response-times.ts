import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'

/** How many responses are looked at. */
const most = 1000
/** With fewer a percentile says little. */
const fewest = 100
/** Older responses are not looked at, ms. */
const windowMs = 30_000
/** How long a percentile stands before it is made anew, ms. */
const standsMs = 3000

/** The percentiles of a service's times to the response head. Made anew every few seconds, from the newest responses. */
export class ResponseTimes implements AttemptObserver {
  readonly #times = new Float64Array(most)
  readonly #at = new Float64Array(most).fill(-Infinity)
  #next = 0
  #seen = 0
  readonly #made = new Map<number, { readonly at: number, readonly value: number }>()

  responded ({ startedAt }: Attempt, outcome: Outcome): void {
    if (outcome.kind !== 'response') return
    this.#times[this.#next] = outcome.latencyMs
    this.#at[this.#next] = startedAt + outcome.latencyMs
    this.#next = (this.#next + 1) % most
    this.#seen++
  }

  /** The time that this share of the responses took at most, ms; Infinity: there are too few to tell. */
  percentile (share: number, now: number): number {
    if (this.#seen < fewest) return Infinity
    const made = this.#made.get(share)
    if (made !== undefined && now - made.at < standsMs) return made.value
    const value = this.#percentile(share, now)
    this.#made.set(share, { at: now, value })
    return value
  }

  #percentile (share: number, now: number): number {
    const times = this.#times.filter((_, index) => now - Number(this.#at[index]) <= windowMs).sort()
    return times.length < fewest ? Infinity : Number(times[Math.min(times.length - 1, Math.floor(share * times.length))])
  }
}
