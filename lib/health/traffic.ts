import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'
import type { NodeTraffic } from '../../types/status.js'
import { countsAgainst } from './counts-against.js'

interface Tally { latencyMs: number | null, requests: number, failures: number }

/** The weight of the newest response in the moving average. */
const smoothing = 0.1

const untouched: NodeTraffic = Object.freeze({ latencyMs: null, requests: 0, failures: 0 })

/** Counts what this gateway sees of each node's traffic, for people and programs to read. Forgotten with the node. */
export class Traffic implements AttemptObserver {
  readonly #tallies = new WeakMap<Node, Tally>()

  of (node: Node): NodeTraffic {
    return this.#tallies.get(node) ?? untouched
  }

  settled ({ node }: Attempt, outcome: Outcome): void {
    let tally = this.#tallies.get(node)
    if (tally === undefined) this.#tallies.set(node, tally = { latencyMs: null, requests: 0, failures: 0 })
    tally.requests++
    if (countsAgainst(outcome)) tally.failures++
    if (outcome.kind !== 'response') return
    tally.latencyMs = tally.latencyMs === null ? outcome.latencyMs : tally.latencyMs + smoothing * (outcome.latencyMs - tally.latencyMs)
  }
}
