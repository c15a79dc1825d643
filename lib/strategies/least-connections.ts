import type { StrategyFactory } from '../../types/strategy.js'
import { Contenders } from './contenders.js'
import { entryAt } from './entry-at.js'
import { least, mostCompared } from './least.js'

/**
 * The candidate with the fewest requests in flight for its weight, the one to be sent included: least `(inFlight + 1) / weight`.
 * For long requests of like cost; it does not see that a node is slow, nor that it fails fast.
 */
export const leastConnections: StrategyFactory = random => {
  const contenders = new Contenders(random, itself, itself)
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

function itself<T> (one: T): T {
  return one
}
