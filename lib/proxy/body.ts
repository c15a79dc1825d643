import { BodyError } from '../errors.js'
import type { Http2ServerRequest } from 'node:http2'
import type { FastifyRequest } from 'fastify'

/** The body that must be given to reply-from instead of what it would make of the request's own; null: its own way is right. */
export type BodyOverride = { readonly body: string | Uint8Array, readonly contentType: string } | null

/** Fastify reads no body of these, and none is sent. */
const bodyless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE'])

const json = /^application\/(?:json|[^;]*\+json)\s*(?:;|$)/i

/**
 * Looks at what Fastify made of the body. reply-from loses the JSON values that are falsy, knows one JSON type only, and would encode the
 * bytes of a JSON text that the app left as they were. What was parsed into something that it cannot encode is refused with
 * `FST_BALANCE_BODY`, because sending nothing would be worse.
 */
export function bodyOverrideOf (request: FastifyRequest, service: string): BodyOverride {
  const contentType = request.headers['content-type']
  const { body } = request
  if (body === undefined) {
    if (!bodyless.has(request.method) && hasBody(request)) takeUnread(request, contentType, service)
    return null
  }
  if (contentType === undefined) return null
  if (json.test(contentType)) return jsonOverrideOf(request, contentType)
  if (typeof body === 'string' || body instanceof Uint8Array || isStream(body)) return null
  throw new BodyError(contentType, service)
}

/** Fastify has not read the body, as that without a type over HTTP/2, or not yet, as in an `onRequest` hook: it is sent on as it is. */
function takeUnread (request: FastifyRequest, contentType: string = 'unknown', service: string): void {
  const { raw } = request
  if (raw.readableDidRead || raw.destroyed) throw new BodyError(contentType, service)
  request.body = raw
}

function jsonOverrideOf (request: FastifyRequest, contentType: string): BodyOverride {
  const { body } = request
  const type = contentType.split(';', 1)[0] ?? contentType
  if (body instanceof Uint8Array) return { body, contentType }
  if (isStream(body)) return null
  if (body) return type.toLowerCase() === 'application/json' || typeof body === 'string' ? null : { body: JSON.stringify(body), contentType: type }
  return hasBody(request) ? { body: JSON.stringify(body), contentType: type } : null
}

function isStream (body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'pipe' in body
}

/** Whether the client's request has a body, of whatever length. */
export function hasBody ({ headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>): boolean {
  // HTTP/2 tells it by the end of the stream, and needs no header for it
  if ('stream' in raw) return !(raw as unknown as Http2ServerRequest).stream.endAfterHeaders
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}
