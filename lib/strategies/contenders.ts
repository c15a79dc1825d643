import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { Lottery } from './lottery.js'

/**
 * Says whose costs a pick compares: all candidates while they are few; of more, two different ones drawn by weight (the power of two
 * choices), so that a pick does not grow with the service. Drawn evenly, no node could get more than 2/n of the requests, however great
 * its weight. What is made of a candidate for comparing is kept for as long as its list lives.
 */
export class Contenders<T> {
  /** Up to this many candidates are all compared. */
  static readonly most = 64

  readonly #lottery: Lottery
  readonly #make: (candidate: Candidate) => T
  readonly #made = new WeakMap<readonly Candidate[], NonEmpty<T>>()

  constructor (random: Random, make: (candidate: Candidate) => T) {
    this.#lottery = new Lottery(random)
    this.#make = make
  }

  of (candidates: NonEmpty<Candidate>): NonEmpty<T> {
    return candidates.length > Contenders.most ? this.#makeOf(this.#lottery.two(candidates)) : this.#allOf(candidates)
  }

  #allOf (candidates: NonEmpty<Candidate>): NonEmpty<T> {
    const made = this.#made.get(candidates)
    if (made) return made
    const all = this.#makeOf(candidates)
    this.#made.set(candidates, all)
    return all
  }

  // Not the list itself: a frozen array, as those of candidates are, takes twice as long to go through.
  #makeOf ([first, ...rest]: NonEmpty<Candidate>): NonEmpty<T> {
    return [this.#make(first), ...rest.map(candidate => this.#make(candidate))]
  }
}
