import type { Clock } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { Candidate } from '../../types/strategy.js'

/** A warming node that got nothing for this long gets the next request that may be sent twice. */
const trickleMs = 1000

/** Keeps slow start from starving a node: a tenth of the weight can mean no request at all under a strategy that takes the least. */
export class Trickle {
  readonly #pickedAt = new WeakMap<Node, number>()

  /** The warming node whose turn it is; undefined: none. `warming` is empty most of the time. */
  due (warming: readonly Candidate[], offered: readonly Candidate[], now: number): Candidate | undefined {
    return warming.find(candidate => candidate.node.inFlight === 0 &&
      now - (this.#pickedAt.get(candidate.node) ?? candidate.node.upSince) >= trickleMs &&
      offered.includes(candidate))
  }

  picked (node: Node, now: ReturnType<Clock['now']>): void {
    this.#pickedAt.set(node, now)
  }
}
