import type { Random } from '../../types/clock.js'
import { numberAt } from './number-at.js'

/**
 * The index of the least of the first `count` costs; among equals each is as likely as any other, so that gateways that know nothing yet do
 * not all begin with the same node. Costs stand in an array, for calls that return fractions are what takes the time of a pick.
 */
export function least (costs: Float64Array, count: number, random: Random): number {
  let lowest = Infinity
  let equals = 0
  for (let index = 0; index < count; index++) {
    const cost = numberAt(costs, index)
    if (cost < lowest) {
      lowest = cost
      equals = 1
    } else if (cost === lowest) {
      equals += 1
    }
  }
  let passed = Math.floor(random() * equals)
  let index = 0
  while (numberAt(costs, index) !== lowest || passed-- > 0) index++
  return index
}
