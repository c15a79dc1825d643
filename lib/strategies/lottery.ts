import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { numberAt } from './number-at.js'

/** The sum of the weights up to each candidate; of candidates that all weigh the same, just how many there are. */
type Shares = Float64Array | number

/**
 * Draws candidates at random, each with the chance of its weight. A draw takes O(log n), or O(1) where all weigh the same: the sums of the
 * weights are kept for as long as the list of candidates lives.
 */
export class Lottery {
  readonly #random: Random
  readonly #shares = new WeakMap<readonly Candidate[], Shares>()

  constructor (random: Random) {
    this.#random = random
  }

  /** One candidate. */
  one (candidates: NonEmpty<Candidate>): Candidate {
    return entryAt(candidates, this.#draw(this.#sharesOf(candidates)))
  }

  /** The indices of two different candidates, of at least two. Drawn with replacement, the worst of two would win a quarter of the time (envoy#39737). */
  two (candidates: NonEmpty<Candidate>): [number, number] {
    const shares = this.#sharesOf(candidates)
    const first = this.#draw(shares)
    return [first, this.#drawOther(shares, first)]
  }

  #draw (shares: Shares): number {
    if (typeof shares === 'number') return Math.trunc(this.#random() * shares)
    const last = shares.length - 1
    return indexOf(this.#random() * numberAt(shares, last), shares, 0, last)
  }

  #drawOther (shares: Shares, drawn: number): number {
    if (typeof shares === 'number') {
      const other = Math.trunc(this.#random() * (shares - 1))
      return other < drawn ? other : other + 1
    }
    const last = shares.length - 1
    const before = drawn === 0 ? 0 : numberAt(shares, drawn - 1)
    const upTo = numberAt(shares, drawn)
    const after = numberAt(shares, last) - upTo
    const point = this.#random() * (before + after)
    if (point < before) return indexOf(point, shares, 0, drawn - 1)
    return indexOf(point - before + upTo, shares, drawn + 1, last)
  }

  #sharesOf (candidates: NonEmpty<Candidate>): Shares {
    const known = this.#shares.get(candidates)
    if (known !== undefined) return known
    const shares = sharesOf(candidates)
    this.#shares.set(candidates, shares)
    return shares
  }
}

function sharesOf (candidates: NonEmpty<Candidate>): Shares {
  const [first] = candidates
  if (candidates.every(({ weight }) => weight === first.weight)) return candidates.length
  const sums = new Float64Array(candidates.length)
  let sum = 0
  let count = 0
  for (const { weight } of candidates) sums[count++] = sum += weight
  return sums
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
