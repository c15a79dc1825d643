import type { Attempt, AttemptObserver } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'
import type { Candidate } from '../../types/strategy.js'

/** Knows which nodes of a service are full, so that no pick has to look through all of them. */
export class Capacity implements AttemptObserver {
  readonly #maxInFlight: number
  readonly #freed: () => void
  readonly #full = new Set<Node>()

  /** `freed`: called when a node that was full is not any more. */
  constructor (maxInFlight: number, freed: () => void) {
    this.#maxInFlight = maxInFlight
    this.#freed = freed
  }

  started ({ node }: Attempt): void {
    if (node.inFlight >= this.#maxInFlight) this.#full.add(node)
  }

  settled ({ node }: Attempt): void {
    if (node.inFlight < this.#maxInFlight && this.#full.size > 0 && this.#full.delete(node)) this.#freed()
  }

  /** Those of the candidates that have room; the same list while nobody is full. */
  withRoom (candidates: readonly Candidate[]): readonly Candidate[] {
    return this.#full.size === 0 ? candidates : candidates.filter(({ node }) => !this.#full.has(node))
  }
}
