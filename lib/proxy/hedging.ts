import { ResponseTimes } from '../health/response-times.js'
import { WindowSums } from './window-sums.js'
import type { RetryBudget } from './budget.js'

/** A second attempt is not worth while before, ms. */
const leastDelayMs = 10

/** When, and how often, requests of a service are sent to a second node as well (the backup requests of "The Tail at Scale", bounded as in Finagle's `BackupRequestFilter`). */
export class Hedging {
  /** To be told of the attempts of the service. */
  readonly times: ResponseTimes = new ResponseTimes()
  readonly #budget: Pick<RetryBudget, 'withdraw'>
  readonly #sums = new WindowSums()

  /** `budget`: that of the service, which hedges are charged to as failovers are. */
  constructor (budget: Pick<RetryBudget, 'withdraw'>) {
    this.#budget = budget
  }

  /** A request begins that may be hedged: after how long, ms; Infinity: not at all, for too little is known of the service. */
  delayMs (percentile: number, now: number): number {
    this.#sums.deposit(now)
    return Math.max(leastDelayMs, this.times.percentile(percentile, now))
  }

  /** Takes one hedge out, unless that were more than this share of the requests. */
  allow (maxRatio: number, now: number): boolean {
    if (this.#sums.withdrawn(now) + 1 > maxRatio * this.#sums.deposited(now) || !this.#budget.withdraw(now)) return false
    this.#sums.withdraw(now)
    return true
  }
}
