import { ResponseTimes } from '../health/response-times.js'
import { SlidingCount } from '../health/sliding-count.js'
import { budgetWindowMs } from './budget.js'
import type { RetryBudget } from './budget.js'

/** A second attempt is not worth while before, ms. */
const leastDelayMs = 10

/** When, and how often, requests of a service are sent to a second node as well (the backup requests of "The Tail at Scale", bounded as in Finagle's `BackupRequestFilter`). */
export class Hedging {
  /** To be told of the attempts of the service. */
  readonly times: ResponseTimes = new ResponseTimes()
  readonly #budget: Pick<RetryBudget, 'withdraw'>
  readonly #requests = new SlidingCount(budgetWindowMs)
  readonly #hedges = new SlidingCount(budgetWindowMs)

  /** `budget`: that of the service, which hedges are charged to as failovers are. */
  constructor (budget: Pick<RetryBudget, 'withdraw'>) {
    this.#budget = budget
  }

  /** A request begins that may be hedged: after how long, ms; Infinity: not at all, for too little is known of the service. */
  delayMs (percentile: number, now: number): number {
    this.#requests.add(now)
    return Math.max(leastDelayMs, this.times.percentile(percentile, now))
  }

  /** Takes one hedge out, unless that were more than this share of the requests. */
  allow (maxRatio: number, now: number): boolean {
    if (this.#hedges.count(now) + 1 > maxRatio * this.#requests.count(now) || !this.#budget.withdraw(now)) return false
    this.#hedges.add(now)
    return true
  }
}
