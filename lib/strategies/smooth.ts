import type { NonEmpty } from '../../types/strategy.js'

/** How much one is owed, in weight. Whoever owns the position keeps it. */
export interface Claim {
  value: number
}

/** A place in the order: whose it is, and how often it is due. All are of one shape, for a step passes over every one. */
export interface Turn<T> {
  readonly owner: T
  readonly weight: number
  readonly claim: Claim
}

/**
 * One step of smooth weighted round robin (nginx, commit 52327e0627): every claim grows by its weight, and the one with the greatest is
 * served and pays for all. In Σ weight steps each is served exactly its weight; weights 5, 1, 1 are served a a b a c a a.
 */
export function smooth<T> (turns: NonEmpty<Turn<T>>): T {
  let [served] = turns
  let greatest = -Infinity
  let total = 0
  for (const turn of turns) {
    const { weight, claim } = turn
    const value = claim.value + weight
    claim.value = value
    total += weight
    if (value > greatest) {
      greatest = value
      served = turn
    }
  }
  served.claim.value = greatest - total
  return served.owner
}
