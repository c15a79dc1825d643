import { isServerFault } from './server-fault.js'
import type { Outcome } from '../../types/attempt.js'

/** What a failure counts as at least, ms, or a node that fails fast would attract the traffic. That of Linkerd's load biaser. */
export const failureMs = 5_000
/** How much of a node's own Retry-After is believed, ms. */
const mostRetryAfterMs = 300_000

/**
 * The latency in ms that a failed attempt counts as; undefined: it did not fail. A failure is an error, a 429 or a 5xx, but for 501 and
 * 505, which say something about the request and not about the node.
 */
export function penaltyOf (outcome: Outcome): number | undefined {
  if (outcome.kind === 'aborted') return undefined
  if (outcome.kind === 'error') return Math.max(failureMs, outcome.elapsedMs)
  const { statusCode, latencyMs, retryAfterMs = 0 } = outcome
  return statusCode === 429 || isServerFault(statusCode) ? Math.max(failureMs, latencyMs, Math.min(retryAfterMs, mostRetryAfterMs)) : undefined
}
