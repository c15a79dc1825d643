import type { StrategyFactory } from '../../types/strategy.js'
import { Lottery } from './lottery.js'

/** Each candidate with the chance of its weight. It keeps no state, so it suits any number of gateways, but it is blind to load. */
export const random: StrategyFactory = source => {
  const lottery = new Lottery(source)
  return { pick: candidates => lottery.one(candidates) }
}
