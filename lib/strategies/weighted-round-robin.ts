import type { Random } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { Candidate, NonEmpty, Strategy, StrategyFactory } from '../../types/strategy.js'
import { smooth } from './smooth.js'
import type { Claim, Turn } from './smooth.js'

/** So many candidates take turns directly; more do so in groups of this size, so that a pick of 10,000 stays fast. */
const groupSize = 64
/** Steps that a random start skips at most. */
const mostSkipped = 1_000
/** Weights are taken as multiples of this power of two, so that no sum of them is rounded and equals stay equal for ever. */
const grain = 2 ** -24

interface Group {
  readonly members: NonEmpty<Candidate>
  /** Those of the members; made when the group is served first. */
  turns: NonEmpty<Turn<Candidate>> | undefined
}

/**
 * Each candidate in turn, in proportion to its weight and spread evenly in time. For like requests to like nodes; it is blind to load.
 * It starts at a random position, so that gateways do not all send their first request to the same node, and keeps it when the list
 * changes. Groups take turns as candidates do, by the sums of their weights, so every share stays exact.
 */
export const weightedRoundRobin: StrategyFactory = random => new WeightedRoundRobin(random)

class WeightedRoundRobin implements Strategy {
  readonly #random: Random
  readonly #claims = new WeakMap<Node, Claim>()
  /** Of the groups, by their place in a list. */
  readonly #groupClaims: Claim[] = []
  readonly #groups = new WeakMap<readonly Candidate[], NonEmpty<Turn<Group>>>()

  constructor (random: Random) {
    this.#random = random
  }

  pick (candidates: NonEmpty<Candidate>): Candidate {
    const group = smooth(this.#groupsOf(candidates))
    group.turns ??= this.#turnsOf(group.members)
    return smooth(group.turns)
  }

  #groupsOf (candidates: NonEmpty<Candidate>): NonEmpty<Turn<Group>> {
    const known = this.#groups.get(candidates)
    if (known) return known
    const isFirst = this.#groupClaims.length === 0
    const [first, ...rest] = split(candidates)
    const groups: NonEmpty<Turn<Group>> = [this.#group(first, 0), ...rest.map((members, index) => this.#group(members, index + 1))]
    if (isFirst) this.#skip(groups)
    this.#groups.set(candidates, groups)
    return groups
  }

  #group (members: NonEmpty<Candidate>, place: number): Turn<Group> {
    this.#groupClaims[place] ??= { value: 0 }
    const weight = members.reduce((sum, member) => sum + exact(member.weight), 0)
    return { owner: { members, turns: undefined }, weight, claim: this.#groupClaims[place] }
  }

  #turnsOf ([first, ...rest]: NonEmpty<Candidate>): NonEmpty<Turn<Candidate>> {
    const areNew = [first, ...rest].every(({ node }) => !this.#claims.has(node))
    const turns: NonEmpty<Turn<Candidate>> = [this.#turnOf(first), ...rest.map(candidate => this.#turnOf(candidate))]
    if (areNew) this.#skip(turns)
    return turns
  }

  #turnOf (candidate: Candidate): Turn<Candidate> {
    const claim = this.#claims.get(candidate.node) ?? { value: 0 }
    this.#claims.set(candidate.node, claim)
    return { owner: candidate, weight: exact(candidate.weight), claim }
  }

  /** A random start. The skipped steps lead to a position of the cycle; claims drawn at random might lie beside it, and the shares with them. */
  #skip<T> (turns: NonEmpty<Turn<T>>): void {
    const weight = turns.reduce((sum, turn) => sum + turn.weight, 0)
    const steps = Math.floor(this.#random() * Math.min(mostSkipped, Math.max(weight, turns.length)))
    for (let step = 0; step < steps; step++) smooth(turns)
  }
}

function exact (weight: number): number {
  return Math.max(1, Math.round(weight / grain)) * grain
}

/** Groups of `groupSize` in the order of the list; the last may be smaller. */
function split (candidates: NonEmpty<Candidate>): NonEmpty<NonEmpty<Candidate>> {
  let last: [Candidate, ...Candidate[]] = [candidates[0]]
  const groups: [NonEmpty<Candidate>, ...Array<NonEmpty<Candidate>>] = [last]
  for (const candidate of candidates.slice(1)) {
    if (last.length < groupSize) {
      last.push(candidate)
      continue
    }
    last = [candidate]
    groups.push(last)
  }
  return groups
}
