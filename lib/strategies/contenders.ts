import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { mostCompared } from './least.js'
import { Lottery } from './lottery.js'

/**
 * Says whose costs a pick compares: all candidates while they are few; of more, two different ones drawn by weight (the power of two
 * choices), so that a pick does not grow with the service. Drawn evenly, no node could get more than 2/n of the requests, however great
 * its weight. What is made of a candidate, and of all, is kept for as long as their list lives.
 */
export class Contenders<Member extends object, Group extends object> {
  readonly #lottery: Lottery
  readonly #memberOf: (candidate: Candidate) => Member
  readonly #groupOf: (compared: NonEmpty<Member>) => Group
  /** Of all candidates of a list. */
  readonly #groups = new WeakMap<readonly Candidate[], Group>()
  /** By the index of the candidate; made when it is drawn first. */
  readonly #members = new WeakMap<readonly Candidate[], Array<Member | undefined>>()

  constructor (random: Random, memberOf: (candidate: Candidate) => Member, groupOf: (compared: NonEmpty<Member>) => Group) {
    this.#lottery = new Lottery(random)
    this.#memberOf = memberOf
    this.#groupOf = groupOf
  }

  of (candidates: NonEmpty<Candidate>): Group {
    return candidates.length > mostCompared ? this.#twoOf(candidates) : this.#allOf(candidates)
  }

  #twoOf (candidates: NonEmpty<Candidate>): Group {
    let members = this.#members.get(candidates)
    if (members === undefined) this.#members.set(candidates, members = new Array<Member | undefined>(candidates.length))
    const [first, second] = this.#lottery.two(candidates)
    const one = members[first] ??= this.#memberOf(entryAt(candidates, first))
    const other = members[second] ??= this.#memberOf(entryAt(candidates, second))
    return this.#groupOf([one, other])
  }

  #allOf (candidates: NonEmpty<Candidate>): Group {
    const made = this.#groups.get(candidates)
    if (made) return made
    // a copy, for a frozen list, as lists of candidates are, takes twice as long to go through
    const [first, ...rest] = candidates
    const all = this.#groupOf([this.#memberOf(first), ...rest.map(this.#memberOf)])
    this.#groups.set(candidates, all)
    return all
  }
}
