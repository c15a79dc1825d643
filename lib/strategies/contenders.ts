import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { mostCompared } from './least.js'
import { Lottery } from './lottery.js'

/** What is kept for a list of candidates. */
interface Kept<Member, Group> {
  /** By the index of the candidate; made at first use. */
  readonly members: Array<Member | undefined>
  /** Of all. */
  group: Group | undefined
}

/**
 * Says whose costs a pick compares: all candidates while they are few; of more, two different ones drawn by weight (the power of two
 * choices), so that a pick does not grow with the service. Drawn evenly, no node could get more than 2/n of the requests, however great
 * its weight. What is made of a candidate, and of all, is kept for as long as their list lives.
 */
export class Contenders<Member extends object, Group extends object> {
  readonly #lottery: Lottery
  readonly #memberOf: (candidate: Candidate) => Member
  readonly #groupOf: (compared: NonEmpty<Member>) => Group
  readonly #kept = new WeakMap<readonly Candidate[], Kept<Member, Group>>()

  constructor (random: Random, memberOf: (candidate: Candidate) => Member, groupOf: (compared: NonEmpty<Member>) => Group) {
    this.#lottery = new Lottery(random)
    this.#memberOf = memberOf
    this.#groupOf = groupOf
  }

  of (candidates: NonEmpty<Candidate>): Group {
    const kept = this.#keptFor(candidates)
    if (candidates.length <= mostCompared) return (kept.group ??= this.#allOf(candidates))
    const [first, second] = this.#lottery.two(candidates)
    return this.#groupOf([this.#member(kept, candidates, first), this.#member(kept, candidates, second)])
  }

  #keptFor (candidates: NonEmpty<Candidate>): Kept<Member, Group> {
    const known = this.#kept.get(candidates)
    if (known) return known
    const kept: Kept<Member, Group> = { members: new Array<Member | undefined>(candidates.length), group: undefined }
    this.#kept.set(candidates, kept)
    return kept
  }

  #allOf ([first, ...rest]: NonEmpty<Candidate>): Group {
    // a copy, for a frozen list, as lists of candidates are, takes twice as long to go through
    return this.#groupOf([this.#memberOf(first), ...rest.map(this.#memberOf)])
  }

  #member ({ members }: Kept<Member, Group>, candidates: NonEmpty<Candidate>, index: number): Member {
    return (members[index] ??= this.#memberOf(entryAt(candidates, index)))
  }
}
