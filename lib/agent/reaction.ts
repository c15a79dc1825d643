import type { HeartbeatAnswer } from '../../types/heartbeat.js'
import type { Delivery } from './connection.js'

/** What is wrong with a gateway, for the log: one word per kind. */
export type TroubleKind = 'unreachable' | 'refused' | 'invalid' | 'unauthorized' | 'forbidden' | 'superseded' | 'limited' | 'closing' | 'unexpected'

/** What a delivery asks of the agent. */
export type Reaction =
  | { readonly kind: 'follow', readonly answer: Directives }
  /** Sign once more with the gateway's time, unix seconds. */
  | { readonly kind: 'adopt-time', readonly serverTime: number, readonly detail: string }
  /** Another process holds the id. `sameOrigin`: it is at the origin of this one. */
  | { readonly kind: 'contest', readonly incarnation: number, readonly sameOrigin: boolean, readonly detail: string }
  | { readonly kind: 'wait', readonly delayMs: number } & Trouble
  /** Try again soon, with full jitter. */
  | { readonly kind: 'back-off' } & Trouble

interface Trouble {
  readonly trouble: TroubleKind
  readonly detail: string
  /** It may be over in a moment: what matters is worth saying again at once. */
  readonly isPassing: boolean
}

/** What the agent takes from an answer. `intervalMs: null`: the gateway said nothing sound. */
export type Directives = Pick<HeartbeatAnswer, 'id' | 'gateways' | 'fanout' | 'drain'> & { readonly intervalMs: number | null }

/** What a delivery is judged by. */
export interface Circumstances {
  /** When the message was signed, unix seconds; null: it was not signed. */
  readonly signedAt: number | null
  readonly intervalMs: number
  /** For a Retry-After that is a date. */
  readonly wallMs: number
}

/** How long to wait after a refusal that another try does not change. */
export const refusedMs = 30_000
/** Gateways accept signatures that are up to 60 s old; a difference of less is not why they refuse. */
const skewSeconds = 30
/** `Retry-After: 0` must not make a tight loop. */
const leastWaitMs = 250
const maxRetryAfterMs = 300_000

const troubles: Readonly<Record<number, TroubleKind>> = { 400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 409: 'superseded' }

/** The table of DESIGN.md §4: from what became of a heartbeat to what the agent does. */
export function reactionTo (delivery: Delivery, circumstances: Circumstances): Reaction {
  if (delivery.kind === 'failed') return { kind: 'back-off', trouble: 'unreachable', detail: textOf(delivery.error), isPassing: !isRefused(delivery.error) }
  const { statusCode, body } = delivery
  const detail = detailOf(statusCode, body)
  if (statusCode === 200) return accepted(body)
  if (statusCode === 401 && isSkewed(body, circumstances)) return { kind: 'adopt-time', serverTime: body.serverTime, detail }
  if (statusCode === 409 && isSuperseding(body)) return { kind: 'contest', incarnation: body.incarnation, sameOrigin: body.sameOrigin === true, detail }
  if (statusCode === 429 || statusCode === 503) return waiting(delivery, circumstances, detail)
  if (statusCode >= 500) return { kind: 'back-off', trouble: 'unexpected', detail, isPassing: true }
  return { kind: 'wait', delayMs: refusedMs, trouble: troubles[statusCode] ?? 'refused', detail, isPassing: false }
}

function accepted (body: unknown): Reaction {
  if (!isRecord(body) || typeof body['id'] !== 'string') {
    return { kind: 'wait', delayMs: refusedMs, trouble: 'unexpected', detail: '200, but not the answer of a gateway', isPassing: false }
  }
  const { id, intervalMs, gateways, fanout, drain } = body
  return {
    kind: 'follow',
    answer: {
      id,
      intervalMs: typeof intervalMs === 'number' && Number.isFinite(intervalMs) ? Math.min(Math.max(intervalMs, 10), 60_000) : null,
      gateways: Array.isArray(gateways) ? gateways.filter(each => typeof each === 'string') : [],
      fanout: fanout === 'one' ? 'one' : 'all',
      drain: drain === true
    }
  }
}

/** A gateway that closes (503) may be a new process a moment later, so it is tried no later than with the next beat. */
function waiting (delivery: Delivery & { kind: 'answered' }, { intervalMs, wallMs }: Circumstances, detail: string): Reaction {
  const asked = retryAfterMs(delivery.retryAfter, wallMs)
  const delayMs = Math.max(asked ?? intervalMs, leastWaitMs)
  if (delivery.statusCode === 503) return { kind: 'wait', delayMs: Math.min(delayMs, intervalMs), trouble: 'closing', detail, isPassing: true }
  return { kind: 'wait', delayMs: Math.min(delayMs, maxRetryAfterMs), trouble: 'limited', detail, isPassing: false }
}

function retryAfterMs (value: string | null, wallMs: number): number | null {
  if (value === null) return null
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - wallMs)
}

function isSkewed (body: unknown, { signedAt }: Circumstances): body is { serverTime: number } {
  return signedAt !== null && isRecord(body) && Number.isSafeInteger(body['serverTime']) && Math.abs(Number(body['serverTime']) - signedAt) > skewSeconds
}

function isSuperseding (body: unknown): body is { incarnation: number, sameOrigin?: unknown } {
  return isRecord(body) && Number.isSafeInteger(body['incarnation']) && Number(body['incarnation']) >= 0
}

/** The gateway's own words, as far as there are any. */
function detailOf (statusCode: number, body: unknown): string {
  const message = isRecord(body) && typeof body['message'] === 'string' ? body['message'].slice(0, 200) : ''
  return message === '' ? String(statusCode) : `${statusCode} ${message}`
}

/** Nobody listens there. An AggregateError has one error per address tried. */
function isRefused (error: Error): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isRefused)
  return 'code' in error && error.code === 'ECONNREFUSED'
}

/** An AggregateError (one per address tried) has an empty message. */
function textOf (error: Error): string {
  const code = 'code' in error ? String(error.code) : error.name
  return error.message === '' ? code : error.message
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
