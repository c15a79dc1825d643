import type { Failure } from './failure.js'

/** What happened to an attempt. */
export type AttemptEvent =
  | { readonly kind: 'failure', readonly failure: Failure }
  | {
    readonly kind: 'response'
    readonly statusCode: number
    /** The status is one of those that fail over. */
    readonly isRetryable: boolean
    /** A 503 of a node that drains: it did not process the request. */
    readonly isDraining: boolean
  }

/** What the decision depends on besides the event. */
export interface Circumstances {
  /** The request may be processed twice. */
  readonly idempotent: boolean
  /** No byte of the body is lost. */
  readonly replayable: boolean
  /** There are attempts left; those that never reached a node do not count. */
  readonly attemptsLeft: boolean
  /** A node has answered this request with 429 before. */
  readonly wasLimited: boolean
}

/** `failover`: to another node if there is one, else as `relay` (a response), `fail` (a failure) or `wait` (a doubt). */
export type Decision = 'relay' | 'failover' | 'fail' | 'wait'

/** What to do after an attempt: the table of docs/failover.md, one row a line. */
export function decide (event: AttemptEvent, { idempotent, replayable, attemptsLeft, wasLimited }: Circumstances): Decision {
  const maySendAgain = replayable && attemptsLeft
  if (event.kind === 'response') {
    if (!maySendAgain) return 'relay'
    if (event.isDraining) return 'failover'
    if (!idempotent) return 'relay'
    if (event.statusCode === 429) return wasLimited ? 'relay' : 'failover'
    return event.isRetryable ? 'failover' : 'relay'
  }
  switch (event.failure) {
    case 'connect': return replayable ? 'failover' : 'fail'
    case 'stale':
    case 'reset':
    case 'malformed':
    case 'timeout': return idempotent && maySendAgain ? 'failover' : 'fail'
    case 'doubt': return idempotent && maySendAgain ? 'failover' : 'wait'
    case 'deadline':
    case 'client': return 'fail'
  }
}

/** Whether failover after it is charged to the retry budget: the node may have done the work. */
export function isCharged (event: AttemptEvent): boolean {
  return event.kind === 'response' ? !event.isDraining : event.failure !== 'connect'
}

/** Whether failover after it may wait for a node that is full: there is no answer at hand, and none will come. */
export function mayWait (event: AttemptEvent): boolean {
  return event.kind === 'failure' && event.failure !== 'doubt'
}
