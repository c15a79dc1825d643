import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { numberAt } from './number-at.js'

/**
 * Draws candidates at random, each with the chance of its weight. A draw takes O(log n): the sums of the weights are kept for as long as
 * the list of candidates lives.
 */
export class Lottery {
  readonly #random: Random
  readonly #sums = new WeakMap<readonly Candidate[], Float64Array>()

  constructor (random: Random) {
    this.#random = random
  }

  /** One candidate. */
  one (candidates: NonEmpty<Candidate>): Candidate {
    const sums = this.#sumsOf(candidates)
    return entryAt(candidates, this.#draw(sums))
  }

  /** The indices of two different candidates, of at least two. Drawn with replacement, the worst of two would win a quarter of the time (envoy#39737). */
  two (candidates: NonEmpty<Candidate>): [number, number] {
    const sums = this.#sumsOf(candidates)
    const first = this.#draw(sums)
    return [first, this.#drawOther(sums, first)]
  }

  #draw (sums: Float64Array): number {
    const last = sums.length - 1
    return indexOf(this.#random() * numberAt(sums, last), sums, 0, last)
  }

  #drawOther (sums: Float64Array, drawn: number): number {
    const last = sums.length - 1
    const before = drawn === 0 ? 0 : numberAt(sums, drawn - 1)
    const upTo = numberAt(sums, drawn)
    const after = numberAt(sums, last) - upTo
    const point = this.#random() * (before + after)
    if (point < before) return indexOf(point, sums, 0, drawn - 1)
    return indexOf(point - before + upTo, sums, drawn + 1, last)
  }

  #sumsOf (candidates: NonEmpty<Candidate>): Float64Array {
    const known = this.#sums.get(candidates)
    if (known) return known
    const sums = new Float64Array(candidates.length)
    let sum = 0
    let count = 0
    for (const { weight } of candidates) sums[count++] = sum += weight
    this.#sums.set(candidates, sums)
    return sums
  }
}

/** The first index from `low` to `high` whose sum is above `point`; `high` when none is. */
function indexOf (point: number, sums: Float64Array, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberAt(sums, middle) > point) high = middle
    else low = middle + 1
  }
  return low
}
