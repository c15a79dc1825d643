import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'
import { entryAt } from './entry-at.js'
import { least, mostCompared } from './least.js'
import { Lottery } from './lottery.js'
import { numberAt } from './number-at.js'
import { nobody, Recent } from './recent.js'

/** What a strategy thinks of candidates. */
export interface Judge<Member, Group> {
  /** What is made of a candidate. It is kept for as long as the list lives. */
  readonly memberOf: (candidate: Candidate) => Member
  /** What is made of those that are compared. `areAll`: there are no others. */
  readonly groupOf: (members: NonEmpty<Member>, areAll: boolean) => Group
  /** Writes the costs of a group's members, in their order, as of an instant. */
  readonly rank: (group: Group, costs: Float64Array, now: number) => void
}

/** Those of a short list. */
interface Field<Member, Group> {
  readonly members: NonEmpty<Member>
  readonly group: Group
}

/** Those of a long list. */
interface Crowd<Member> {
  /** By the index of the candidate; made when it is drawn first. */
  readonly members: Array<Member | undefined>
  readonly recent: Recent
}

/**
 * Picks the one of least cost: of all candidates while they are few. Of more, so that a pick does not grow with the service, the better of
 * two (the power of two choices), both drawn by weight: evenly, no node could get more than 2/n of the requests, however great its weight.
 * The first is the one whose turn it is, and is picked unless the second, drawn at random, costs less. Who was picked lately and has worked
 * off what it got has its turn twice more (Mitzenmacher, Prabhakar and Shah, "Load balancing with memory", 2002): that it
 * answers tells more than any draw, also of what other gateways do there, and its connection is still warm.
 */
export class Contest<Member extends object, Group extends object> {
  readonly #random: Random
  readonly #lottery: Lottery
  readonly #judge: Judge<Member, Group>
  readonly #costs = new Float64Array(mostCompared)
  readonly #fields = new WeakMap<readonly Candidate[], Field<Member, Group>>()
  readonly #crowds = new WeakMap<readonly Candidate[], Crowd<Member>>()

  constructor (random: Random, judge: Judge<Member, Group>) {
    this.#random = random
    this.#lottery = new Lottery(random)
    this.#judge = judge
  }

  /** The winner as of an instant. */
  winner (candidates: NonEmpty<Candidate>, now: number): Member {
    if (candidates.length > mostCompared) return this.#betterOfTwo(candidates, now)
    const { members, group } = this.#fieldOf(candidates)
    this.#judge.rank(group, this.#costs, now)
    return entryAt(members, least(this.#costs, members.length, this.#random))
  }

  #betterOfTwo (candidates: NonEmpty<Candidate>, now: number): Member {
    const { members, recent } = this.#crowdOf(candidates)
    const { memberOf, groupOf, rank } = this.#judge
    const again = recent.next()
    const first = again === nobody ? this.#lottery.turn(candidates) : again
    const second = this.#lottery.other(candidates, first)
    const one = members[first] ??= memberOf(entryAt(candidates, first))
    const other = members[second] ??= memberOf(entryAt(candidates, second))
    rank(groupOf([one, other], false), this.#costs, now)
    const isOther = numberAt(this.#costs, 1) < numberAt(this.#costs, 0)
    const index = isOther ? second : first
    recent.picked(index, entryAt(candidates, index).node)
    return isOther ? other : one
  }

  #crowdOf (candidates: NonEmpty<Candidate>): Crowd<Member> {
    const known = this.#crowds.get(candidates)
    if (known) return known
    const crowd = { members: new Array<Member | undefined>(candidates.length), recent: new Recent() }
    this.#crowds.set(candidates, crowd)
    return crowd
  }

  #fieldOf (candidates: NonEmpty<Candidate>): Field<Member, Group> {
    const known = this.#fields.get(candidates)
    if (known) return known
    const { memberOf, groupOf } = this.#judge
    // a copy, for a frozen list, as lists of candidates are, takes twice as long to go through
    const [first, ...rest] = candidates
    const members: NonEmpty<Member> = [memberOf(first), ...rest.map(memberOf)]
    const field = { members, group: groupOf(members, true) }
    this.#fields.set(candidates, field)
    return field
  }
}
