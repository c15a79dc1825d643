import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'
import type { NodeTraffic } from '../../types/status.js'
import { countsAgainst } from './counts-against.js'

/** `latencyMs`: NaN until there was a response, for V8 keeps numbers alone in place, and makes a new object of each number where null may stand too. */
interface Tally { latencyMs: number, requests: number, failures: number }

/** The weight of the newest response in the moving average. */
const smoothing = 0.1

const untouched: NodeTraffic = Object.freeze({ latencyMs: null, requests: 0, failures: 0 })

/** Counts what this gateway sees of each node's traffic, for people and programs to read. Forgotten with the node. */
export class Traffic implements AttemptObserver {
  readonly #tallies = new WeakMap<Node, Tally>()

  of (node: Node): NodeTraffic {
    const tally = this.#tallies.get(node)
    if (tally === undefined) return untouched
    return { ...tally, latencyMs: Number.isNaN(tally.latencyMs) ? null : tally.latencyMs }
  }

  settled ({ node }: Attempt, outcome: Outcome): void {
    let tally = this.#tallies.get(node)
    if (tally === undefined) this.#tallies.set(node, tally = { latencyMs: NaN, requests: 0, failures: 0 })
    tally.requests++
    if (countsAgainst(outcome)) tally.failures++
    if (outcome.kind !== 'response') return
    tally.latencyMs = Number.isNaN(tally.latencyMs) ? outcome.latencyMs : tally.latencyMs + smoothing * (outcome.latencyMs - tally.latencyMs)
  }
}
