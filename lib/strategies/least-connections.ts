import type { Candidate, StrategyFactory } from '../../types/strategy.js'
import { Contest } from './contest.js'

/**
 * The candidate with the fewest requests in flight for its weight, the one to be sent included: least `(inFlight + 1) / weight`.
 * For long requests of like cost; it does not see that a node is slow, nor that it fails fast.
 */
export const leastConnections: StrategyFactory = random => {
  const contest = new Contest<Candidate, readonly Candidate[]>(random, { memberOf: itself, groupOf: itself, rank })
  return { pick: (candidates, { now }) => contest.winner(candidates, now) }
}

function rank (candidates: readonly Candidate[], costs: Float64Array): void {
  let index = 0
  for (const { node, weight } of candidates) costs[index++] = (node.inFlight + 1) / weight
}

function itself<T> (one: T): T {
  return one
}
