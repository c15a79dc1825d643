import type { LoadReport } from '../../types/node.js'

/** What an overloaded node costs more. */
export const hotFactor = 4

/** From here on a report is hot; and below here it is cool again. The utilization is what @fastify/under-pressure's documentation advises. */
const hot = { utilization: 0.98, delayMs: 250 }
const cool = { utilization: 0.9, delayMs: 100 }

/**
 * Whether a node is overloaded by its own reports: from two hot ones in a row until a cool one. A coarse yes or no with hysteresis, for
 * reports are old when they arrive: ranked by their values, all gateways would run after the same node.
 */
export class Heat {
  #seen: LoadReport | null = null
  #wasHot = false
  #isHot = false

  /** `load`: the newest report of the node; the same object as long as none came. */
  isHot (load: LoadReport | null): boolean {
    if (load !== this.#seen) this.#see(load)
    return this.#isHot
  }

  /** Whether it has room by its newest report. Between hot and cool it is just busy. */
  isCool (load: LoadReport | null): boolean {
    return !exceeds(load, cool)
  }

  #see (load: LoadReport | null): void {
    this.#seen = load
    const isHot = exceeds(load, hot)
    if (isHot && this.#wasHot) this.#isHot = true
    if (this.isCool(load)) this.#isHot = false
    this.#wasHot = isHot
  }
}

function exceeds (load: LoadReport | null, { utilization, delayMs }: typeof hot): boolean {
  return (load?.eventLoopUtilization ?? 0) >= utilization || (load?.eventLoopDelayMs ?? 0) >= delayMs
}
