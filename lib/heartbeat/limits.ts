/** Heartbeats per second that a gateway wants to hear at most, from all nodes together. */
const mostPerSecond = 200
/** No node is told to beat more seldom than this, unless the options say so. */
const longestIntervalMs = 15_000
/** How much may come at once, and how much in every interval. */
export interface Allowance {
  readonly burst: number
  readonly perInterval: number
}

/** Of the heartbeats of one node, in the intervals that it was told. */
const heartbeats: Allowance = { burst: 10, perInterval: 4 }

/** How often a node is told to beat: as the options say, stretched to whole seconds when `size` nodes would be too many at that pace. */
export function intervalOf (size: number, configuredMs: number): number {
  const neededMs = size * 1000 / mostPerSecond
  if (neededMs <= configuredMs) return configuredMs
  return Math.max(configuredMs, Math.min(longestIntervalMs, Math.ceil(neededMs / 1000) * 1000))
}

/**
 * Finds out which nodes beat much more often than they were told: a bucket of 10 heartbeats each, refilled with four per interval, unless
 * another allowance is given. It keeps one number per node, the time at which its bucket is full again (the generic cell rate algorithm,
 * ITU-T I.371).
 */
export class HeartbeatPace {
  readonly #mostNodes: number
  readonly #allowance: Allowance
  /** Least recently heard of first. */
  readonly #fullAt = new Map<string, number>()

  /** `mostNodes`: how many are remembered; beyond it the one that was silent longest starts anew. */
  constructor (mostNodes: number, allowance: Allowance = heartbeats) {
    this.#mostNodes = mostNodes
    this.#allowance = allowance
  }

  /** How many nodes are remembered. */
  get size (): number {
    return this.#fullAt.size
  }

  /** Takes one heartbeat from a node's bucket. How long it has to wait for the next instead, ms; 0: taken. */
  take (node: string, intervalMs: number, now: number): number {
    const { burst, perInterval } = this.#allowance
    const stepMs = intervalMs / perInterval
    // Never more than empty, also when the interval was longer before.
    const fullAt = Math.min(Math.max(this.#fullAt.get(node) ?? now, now), now + burst * stepMs)
    const waitMs = fullAt - now - (burst - 1) * stepMs
    // Sums of fractions are not exact, so less than a millisecond is nothing.
    if (waitMs >= 1) return waitMs
    this.#fullAt.delete(node)
    this.#fullAt.set(node, fullAt + stepMs)
    this.#bound()
    return 0
  }

  #bound (): void {
    for (const node of this.#fullAt.keys()) {
      if (this.#fullAt.size <= this.#mostNodes) return
      this.#fullAt.delete(node)
    }
  }
}
