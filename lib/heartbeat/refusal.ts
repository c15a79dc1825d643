import { STATUS_CODES } from 'node:http'
import type { FastifyError } from 'fastify'

/** What the answer to a refused heartbeat carries besides the usual fields. */
export interface RefusalDetails {
  /** Seconds, for `retry-after`. */
  readonly retryAfter?: number
  /** More fields of the body. */
  readonly extras?: Readonly<Record<string, number | boolean>>
}

/** Gives an error details for its answer, and gives it back to be thrown. */
export function refusalWith<E extends Error> (error: E, details: RefusalDetails): E {
  return Object.assign(error, { details: Object.freeze(details) })
}

/** The answer to a heartbeat that was refused. */
export interface RefusalAnswer extends RefusalDetails {
  readonly statusCode: number
  readonly code: string
  readonly message: string
  /** In Fastify's shape, so that every client reads it alike. */
  readonly body: Readonly<Record<string, string | number | boolean>>
}

/** The answer that an error stands for. null: the error is none of the protocol's, so it is not for this route to answer. */
export function answerOf (error: unknown): RefusalAnswer | null {
  if (!isProtocolError(error)) return null
  const { statusCode, code, message, details } = error
  const body = { statusCode, code, error: STATUS_CODES[statusCode] ?? 'Error', message, ...details?.extras }
  return { ...details, statusCode, code, message, body }
}

function isProtocolError (error: unknown): error is FastifyError & { statusCode: number, details?: RefusalDetails } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'statusCode' in error && typeof error.statusCode === 'number' &&
    /^FST_(?:BALANCE_HEARTBEAT_|ERR_VALIDATION$|ERR_CTP_)/.test(error.code)
}
