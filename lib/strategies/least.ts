import type { Random } from '../../types/clock.js'
import { numberAt } from './number-at.js'

/** As many costs as are compared at once. */
export const mostCompared = 64

/** The indices of the least so far. */
const ties = new Uint8Array(mostCompared)

/**
 * The index of the least of the first `count` costs, of `mostCompared` at most; among equals each is as likely as any other, so that gateways
 * that know nothing yet do not all begin with the same node. Costs stand in an array, for calls that return fractions are what takes the time
 * of a pick. What is no number is never the least.
 */
export function least (costs: Float64Array, count: number, random: Random): number {
  let lowest = Infinity
  let equals = 0
  ties[0] = 0
  for (let index = 0; index < count; index++) {
    const cost = numberAt(costs, index)
    if (!(cost <= lowest)) continue
    if (cost < lowest) {
      lowest = cost
      equals = 0
    }
    ties[equals++] = index
  }
  return Number(ties[equals > 1 ? Math.trunc(random() * equals) : 0])
}
