import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { numberAt } from './number-at.js'

/** The sum of the weights up to each candidate; of candidates that all weigh the same, just how many there are. */
type Shares = Float64Array | number

/** The step of Weyl's sequence whose points lie most evenly: each new one falls into one of the longest gaps. */
const goldenRatio = (Math.sqrt(5) - 1) / 2

/**
 * Draws candidates at random, each with the chance of its weight. A draw takes O(log n), or O(1) where all weigh the same: the sums of the
 * weights are kept for as long as the list of candidates lives.
 */
export class Lottery {
  readonly #random: Random
  readonly #shares = new WeakMap<readonly Candidate[], Shares>()

  /** Of the last turn; undefined: there was none. */
  #point: number | undefined

  constructor (random: Random) {
    this.#random = random
  }

  /** One candidate. */
  one (candidates: NonEmpty<Candidate>): Candidate {
    return entryAt(candidates, indexAt(this.#random(), this.#sharesOf(candidates)))
  }

  /** The index of one, drawn so that everyone comes as often as it weighs and after nearly even pauses. It begins anywhere, and goes on when the list changes. */
  turn (candidates: NonEmpty<Candidate>): number {
    this.#point = ((this.#point ?? this.#random()) + goldenRatio) % 1
    return indexAt(this.#point, this.#sharesOf(candidates))
  }

  /**
   * The index of one but for the one that was drawn before, of at least two. If the same one could be drawn twice, the worst of two would
   * win a quarter of the time (envoy#39737).
   */
  other (candidates: NonEmpty<Candidate>, drawn: number): number {
    const shares = this.#sharesOf(candidates)
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

/** The index of the one in whose share a point lies, from 0 to below 1. */
function indexAt (point: number, shares: Shares): number {
  if (typeof shares === 'number') return Math.trunc(point * shares)
  const last = shares.length - 1
  return indexOf(point * numberAt(shares, last), shares, 0, last)
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
