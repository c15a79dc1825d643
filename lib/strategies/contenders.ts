import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { mostCompared } from './least.js'
import { Lottery } from './lottery.js'

/**
 * Says whose costs a pick compares: all candidates while they are few; of more, two different ones drawn by weight (the power of two
 * choices), so that a pick does not grow with the service. Drawn evenly, no node could get more than 2/n of the requests, however great
 * its weight. What `make` makes of all is kept for as long as their list lives.
 */
export class Contenders<T extends object> {
  readonly #lottery: Lottery
  readonly #make: (compared: NonEmpty<Candidate>) => T
  readonly #made = new WeakMap<readonly Candidate[], T>()

  constructor (random: Random, make: (compared: NonEmpty<Candidate>) => T) {
    this.#lottery = new Lottery(random)
    this.#make = make
  }

  of (candidates: NonEmpty<Candidate>): T {
    return candidates.length > mostCompared ? this.#make(this.#lottery.two(candidates)) : this.#allOf(candidates)
  }

  #allOf (candidates: NonEmpty<Candidate>): T {
    const made = this.#made.get(candidates)
    if (made) return made
    const all = this.#make(candidates)
    this.#made.set(candidates, all)
    return all
  }
}
