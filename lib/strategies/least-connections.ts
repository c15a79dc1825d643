import type { Candidate, NonEmpty, StrategyFactory } from '../../types/strategy.js'
import { Contenders } from './contenders.js'
import { entryAt } from './entry-at.js'
import { least, mostCompared } from './least.js'

/**
 * The candidate with the fewest requests in flight for its weight, the one to be sent included: least `(inFlight + 1) / weight`.
 * For long requests of like cost; it does not see that a node is slow, nor that it fails fast.
 */
export const leastConnections: StrategyFactory = random => {
  const contenders = new Contenders(random, copyOf)
  const costs = new Float64Array(mostCompared)
  return {
    pick (candidates) {
      const compared = contenders.of(candidates)
      let count = 0
      for (const { node, weight } of compared) costs[count++] = (node.inFlight + 1) / weight
      return entryAt(compared, least(costs, count, random))
    }
  }
}

/** A frozen array, as lists of candidates are, takes twice as long to go through. */
function copyOf ([first, ...rest]: NonEmpty<Candidate>): NonEmpty<Candidate> {
  return [first, ...rest]
}
