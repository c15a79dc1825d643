import type { Outcome } from '../../types/attempt.js'

/** Whether an outcome counts against its node: an error, or a 5xx other than 501 and 505, which speak of the request. */
export function countsAgainst (outcome: Outcome): boolean {
  if (outcome.kind === 'error') return true
  return outcome.kind === 'response' && outcome.statusCode >= 500 && outcome.statusCode !== 501 && outcome.statusCode !== 505
}
