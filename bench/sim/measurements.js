import { Record } from './record.js'
import { scenarios } from './scenarios.js'
import { simulate } from './simulate.js'
import { summary } from './summary.js'

/** What a node of slowdown 1 serves. */
const nodePerSecond = 100

/** Simulates what is asked for, each scenario under each strategy once. `requests`: how many in all rounds together, about. */
export class Measurements {
  #library
  #seed
  #requests
  #known = new Map()

  constructor (library, { seed, requests }) {
    this.#library = library
    this.#seed = seed
    this.#requests = requests
  }

  /** The summary of `scenario`, by its name, with so many gateways under `strategy`. */
  of (name, gateways, strategy) {
    const key = `${name} ${gateways} ${strategy}`
    if (!this.#known.has(key)) this.#known.set(key, summary(this.#rounds(scenarios[name], gateways, strategy)))
    return this.#known.get(key)
  }

  #rounds (scenario, gateways, strategy) {
    const perSecond = scenario.load * nodePerSecond * capacityOf(scenario)
    const lastsMs = scenario.lastsMs ?? this.#requests / perSecond * 1000
    const rounds = Math.max(1, Math.round(this.#requests / perSecond * 1000 / lastsMs))
    return Array.from({ length: rounds }, (_, round) => {
      const record = new Record({ isMarked: scenario.isMarked, measured: scenario.measured ?? { from: lastsMs / 20, to: lastsMs }, joiner: joinerOf(scenario) })
      simulate(this.#library, { scenario, gateways, strategy, perSecond, lastsMs, seed: this.#seed + round }, record)
      return record
    })
  }
}

/** Of the nodes that are there from the start, as a number of nodes of slowdown 1. */
function capacityOf ({ nodes, slowdown, fails }) {
  return Array.from({ length: nodes }, (_, node) => fails(node) ? 0 : 1 / slowdown(node, 0)).reduce((sum, each) => sum + each)
}

function joinerOf ({ nodes, joinsAt }) {
  return joinsAt === null ? null : { node: nodes, at: joinsAt }
}
