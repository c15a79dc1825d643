import { RequestError, TimeoutError, UpstreamError } from '../errors.js'
import type { Outcome } from '../../types/attempt.js'

/**
 * What went wrong with an attempt before its response was relayed.
 * `connect`: nothing left this process. `stale`: a reused connection was reset, as happens when the node closes an idle one.
 * `reset`: a fresh connection was. `malformed`: no HTTP came back. `timeout`: the attempt's time is over. `deadline`: the request's is.
 * `client`: the request itself cannot be sent. `doubt`: no response head came yet, and the node was ejected or its lease has ended meanwhile.
 */
export type Failure = 'connect' | 'stale' | 'reset' | 'malformed' | 'timeout' | 'deadline' | 'client' | 'doubt'

/** What those who learn are told: a reset of a reused connection and a client's mistake say nothing about the node. */
export function outcomeOf (failure: Failure, error: Error, elapsedMs: number): Outcome {
  switch (failure) {
    case 'connect': return { kind: 'error', error, sent: false, elapsedMs }
    case 'reset':
    case 'malformed':
    case 'timeout': return { kind: 'error', error, sent: true, elapsedMs }
    case 'stale':
    case 'deadline':
    case 'client':
    case 'doubt': return { kind: 'aborted', elapsedMs }
  }
}

/** What the client is told when nothing is left to try. It names the service, never an address. */
export function errorOf (failure: Failure, service: string, cause: Error): Error {
  switch (failure) {
    case 'timeout':
    case 'deadline': return withCause(new TimeoutError(service), cause)
    case 'client': return withCause(new RequestError(service, cause.message), cause)
    default: return withCause(new UpstreamError(service), cause)
  }
}

function withCause (error: Error, cause: Error): Error {
  error.cause = cause
  return error
}
