import { decide, isCharged, mayWait } from './failover.js'
import { ReplayBody } from './replay.js'
import type { Attempt } from '../../types/attempt.js'
import type { Clock } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { AttemptEvent } from './failover.js'
import type { ForwardRequest } from './forward-request.js'

/** What a request has tried, and what it may still try. */
export class Chances {
  /** The nodes that it was sent to, the newest last. */
  readonly tried: Node[] = []
  /** Attempts that reached a node. */
  spent = 0
  #begun = 0
  readonly #request: ForwardRequest
  /** When the request must have its response head, monotonic ms. */
  readonly #deadline: number
  readonly #clock: Pick<Clock, 'now'>
  #wasLimited = false
  #hasRepeated = false

  constructor (request: ForwardRequest, deadline: number, clock: Pick<Clock, 'now'>) {
    this.#request = request
    this.#deadline = deadline
    this.#clock = clock
  }

  /** An attempt begins. Gives its number, 1 for the first. */
  begin (node: Node): number {
    this.tried.push(node)
    return ++this.#begun
  }

  /** Whether another attempt follows on this: it may, there is a node for it, and the budget allows it, which is charged. */
  mayFailOver (event: AttemptEvent): boolean {
    const { body, idempotent, service, admits } = this.#request
    const replayable = !(body instanceof ReplayBody) || body.isReplayable
    if (decide(event, { idempotent, replayable, attemptsLeft: this.#isLeft(0), wasLimited: this.#wasLimited }) !== 'failover') return false
    const now = this.#clock.now()
    if (now >= this.#deadline) return false
    const mayGoOn = service.hasAnother({ tried: this.tried, admits, evenFull: mayWait(event) })
    if ((!mayGoOn && !this.#mayRepeat(event)) || (isCharged(event) && !service.budget.withdraw(now))) return false
    if (!mayGoOn) this.#repeat()
    this.#wasLimited ||= event.kind === 'response' && event.statusCode === 429
    return true
  }

  /** Whether a second attempt may begin beside the one that waits for its response. It is charged. */
  mayHedge (waiting: Attempt, maxRatio: number, now: number): boolean {
    const { service, admits } = this.#request
    return this.#isLeft(1) && service.hasAnother({ tried: this.tried, admits }) && service.hedging().allow(waiting, maxRatio, now)
  }

  #isLeft (running: number): boolean {
    return this.spent + running < this.#request.options.attempts
  }

  /** A connection that had served before was reset, as happens when a node closes an idle one, and no other node is left: the same one gets it again, once. */
  #mayRepeat (event: AttemptEvent): boolean {
    return !this.#hasRepeated && event.kind === 'failure' && event.failure === 'stale'
  }

  #repeat (): void {
    this.#hasRepeated = true
    this.tried.pop()
  }
}
