import { isServerFault } from '../strategies/server-fault.js'
import type { Outcome } from '../../types/attempt.js'

/** Whether an outcome counts against its node: an error, or a status that says that the node has failed. */
export function countsAgainst (outcome: Outcome): boolean {
  return outcome.kind === 'error' || (outcome.kind === 'response' && isServerFault(outcome.statusCode))
}
