import type { Random } from '../../types/clock.js'
import { numberAt } from './number-at.js'

/**
 * The index of the least of the first `count` costs; among equals each is as likely as any other, so that gateways that know nothing yet do
 * not all begin with the same node. Costs stand in an array, for calls that return fractions are what takes the time of a pick.
 */
export function least (costs: Float64Array, count: number, random: Random): number {
  let lowest = Infinity
  let first = 0
  let equals = 0
  for (let index = 0; index < count; index++) {
    const cost = numberAt(costs, index)
    if (cost < lowest) {
      lowest = cost
      first = index
      equals = 1
    } else if (cost === lowest) {
      equals += 1
    }
  }
  return equals > 1 ? pass(Math.trunc(random() * equals), costs, first) : first
}

/** The index that is so many equals further on. */
function pass (equals: number, costs: Float64Array, from: number): number {
  const cost = numberAt(costs, from)
  let index = from
  for (let left = equals; left > 0;) {
    index += 1
    if (numberAt(costs, index) === cost) left -= 1
  }
  return index
}
