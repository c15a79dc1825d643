import type { Failure } from './failure.js'

/** What the client's request itself makes impossible; no node is to blame. */
const requestFaults: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'])

/** The code of an error; '': it has none. */
export function codeOf (error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether no node is to blame for what undici says. */
export function isRequestFault (error: Error): boolean {
  return requestFaults.has(codeOf(error))
}

/** What went wrong with a request that was sent, from the error of undici. `isReused`: its connection had served before. */
export function failureOf (error: Error, isReused: boolean): Failure {
  if (isRequestFault(error)) return 'client'
  if (codeOf(error).startsWith('HPE_') || codeOf(error) === 'UND_ERR_HEADERS_OVERFLOW') return 'malformed'
  return isReused ? 'stale' : 'reset'
}
