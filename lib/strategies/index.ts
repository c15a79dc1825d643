import type { Random } from '../../types/clock.js'
import type { Strategy, StrategyName } from '../../types/strategy.js'
import { adaptive } from './adaptive.js'
import { leastConnections } from './least-connections.js'
import { random } from './random.js'
import { weightedRoundRobin } from './weighted-round-robin.js'

/** The strategies by name, each made with its own source of chance; default: `Math.random`. */
export const strategies: Readonly<Record<StrategyName, (random?: Random) => Strategy>> = Object.freeze({
  adaptive: (source: Random = Math.random) => adaptive(source),
  'least-connections': (source: Random = Math.random) => leastConnections(source),
  'weighted-round-robin': (source: Random = Math.random) => weightedRoundRobin(source),
  random: (source: Random = Math.random) => random(source)
})
