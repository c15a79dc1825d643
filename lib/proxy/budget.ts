import { WindowSums, windowMs } from './window-sums.js'

/** How much failover is allowed. */
export interface BudgetRules {
  /** Failovers per request. */
  readonly ratio: number
  /** Failovers a second that are allowed whatever the load. */
  readonly perSecond: number
}

/** What the sum of many fractions may lack. */
const tolerance = 5e-7

/** The retry budget of a service: every request deposits, every failover withdraws, and both expire after ten seconds (Finagle's `RetryBudget`). The reserve is what `perSecond` gives over those ten. */
export class RetryBudget {
  readonly #ratio: number
  readonly #reserve: number
  readonly #sums = new WindowSums()

  constructor ({ ratio, perSecond }: BudgetRules) {
    this.#ratio = ratio
    this.#reserve = perSecond * windowMs / 1000
  }

  /** A request has come. `now`: monotonic ms. */
  deposit (now: number): void {
    this.#sums.deposit(now)
  }

  /** Takes one failover out. False: there is none left. */
  withdraw (now: number): boolean {
    if (this.#reserve + this.#sums.deposited(now) * this.#ratio - this.#sums.withdrawn(now) < 1 - tolerance) return false
    this.#sums.withdraw(now)
    return true
  }
}
