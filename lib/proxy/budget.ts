import { SlidingCount } from '../health/sliding-count.js'

/** How much failover is allowed. */
export interface BudgetRules {
  /** Failovers per request. */
  readonly ratio: number
  /** Failovers a second that are allowed whatever the load. */
  readonly perSecond: number
}

/** How long requests and failovers count, ms. */
export const budgetWindowMs = 10_000
/** What the sum of many fractions may lack. */
const tolerance = 5e-7

/** The retry budget of a service: every request deposits, every failover withdraws, and both expire after ten seconds (Finagle's `RetryBudget`). The reserve is what `perSecond` gives over those ten. */
export class RetryBudget {
  readonly #ratio: number
  readonly #reserve: number
  readonly #requests = new SlidingCount(budgetWindowMs)
  readonly #failovers = new SlidingCount(budgetWindowMs)

  constructor ({ ratio, perSecond }: BudgetRules) {
    this.#ratio = ratio
    this.#reserve = perSecond * budgetWindowMs / 1000
  }

  /** A request has come. `now`: monotonic ms. */
  deposit (now: number): void {
    this.#requests.add(now)
  }

  /** Takes one failover out. False: there is none left. */
  withdraw (now: number): boolean {
    if (this.#reserve + this.#requests.count(now) * this.#ratio - this.#failovers.count(now) < 1 - tolerance) return false
    this.#failovers.add(now)
    return true
  }
}
