import { retryAfterMsOf } from './retry-after.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from '../../types/attempt.js'
import type { AttemptEvent } from './failover.js'

/** When a response head came. */
export interface AnswerTimes {
  /** Since the start of the attempt. */
  readonly latencyMs: number
  /** Unix milliseconds. */
  readonly wallNow: number
}

/** What a response head means: for the decision, and for those who learn. A node that drains did not process the request, which says nothing about it. */
export function answerOf (statusCode: number, headers: IncomingHttpHeaders, retryOn: ReadonlySet<number>, { latencyMs, wallNow }: AnswerTimes): { event: AttemptEvent, outcome: Outcome } {
  const isDraining = statusCode === 503 && headers['x-balance-draining'] === '1'
  const event: AttemptEvent = { kind: 'response', statusCode, isRetryable: retryOn.has(statusCode), isDraining }
  if (isDraining) return { event, outcome: { kind: 'aborted', elapsedMs: latencyMs } }
  const retryAfterMs = retryAfterMsOf(headers['retry-after'], wallNow)
  const outcome: Outcome = retryAfterMs === undefined
    ? { kind: 'response', statusCode, latencyMs }
    : { kind: 'response', statusCode, latencyMs, retryAfterMs }
  return { event, outcome }
}
