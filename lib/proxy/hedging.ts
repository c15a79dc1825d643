import { ResponseTimes } from '../health/response-times.js'
import { SlidingCount } from '../health/sliding-count.js'
import { budgetWindowMs } from './budget.js'
import type { RetryBudget } from './budget.js'
import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'

/** A second attempt is not worth while before, ms. */
const leastDelayMs = 10
/** The part of the hedges that is kept for those that wait for a silent node. */
const reserved = 0.25
/** A node that owes so many answers and gives none does not answer; with fewer that may be chance. */
const crowd = 5

/** When, and how often, requests of a service are sent to a second node as well (the backup requests of "The Tail at Scale", bounded as in Finagle's `BackupRequestFilter`). */
export class Hedging implements AttemptObserver {
  readonly #times = new ResponseTimes()
  readonly #answeredAt = new WeakMap<Node, number>()
  readonly #budget: Pick<RetryBudget, 'withdraw'>
  readonly #requests = new SlidingCount(budgetWindowMs)
  readonly #hedges = new SlidingCount(budgetWindowMs)

  /** `budget`: that of the service, which hedges are charged to as failovers are. */
  constructor (budget: Pick<RetryBudget, 'withdraw'>) {
    this.#budget = budget
  }

  responded (attempt: Attempt, outcome: Outcome): void {
    this.#times.responded(attempt, outcome)
    if (outcome.kind === 'response') this.#answeredAt.set(attempt.node, attempt.startedAt + outcome.latencyMs)
  }

  /** A request begins that may be hedged: after how long, ms; Infinity: not at all, for too little is known of the service. */
  delayMs (percentile: number, now: number): number {
    this.#requests.add(now)
    return Math.max(leastDelayMs, this.#times.percentile(percentile, now))
  }

  /**
   * Takes one hedge out for an attempt that waits, unless that were more than this share of the requests. A part of the share is kept for
   * those that wait for a silent node: what is slow by chance would leave them nothing.
   */
  allow (waiting: Attempt, maxRatio: number, now: number): boolean {
    const most = maxRatio * this.#requests.count(now)
    const kept = this.#isSilent(waiting, now) ? 0 : Math.floor(most * reserved)
    if (this.#hedges.count(now) + 1 > most - kept || !this.#budget.withdraw(now)) return false
    this.#hedges.add(now)
    return true
  }

  /** Whether the node, although it owes many answers, has given none for at least half of the time that the attempt waits. */
  #isSilent ({ node, startedAt }: Attempt, now: number): boolean {
    const answeredAt = this.#answeredAt.get(node) ?? -Infinity
    return node.inFlight >= crowd && 2 * (now - answeredAt) >= now - startedAt
  }
}
