import { BodyError } from '../errors.js'
import type { FastifyRequest } from 'fastify'

/** The body that must be given to reply-from instead of what it would make of the request's own; null: its own way is right. */
export type BodyOverride = { readonly body: string | Uint8Array, readonly contentType: string } | null

const json = /^application\/(?:json|[^;]*\+json)\s*(?:;|$)/i

/**
 * Looks at what Fastify made of the body. reply-from loses the JSON values that are falsy, knows one JSON type only, and would encode the
 * bytes of a JSON text that the app left as they were. What was parsed into something that it cannot encode is refused with
 * `FST_BALANCE_BODY`, because sending nothing would be worse.
 */
export function bodyOverrideOf (request: FastifyRequest, service: string): BodyOverride {
  const contentType = request.headers['content-type']
  if (contentType === undefined) return null
  const { body } = request
  if (body === undefined) {
    if (contentType.startsWith('multipart/') && hasBody(request)) throw new BodyError(contentType, service)
    return null
  }
  if (json.test(contentType)) return jsonOverrideOf(request, contentType)
  if (typeof body === 'string' || body instanceof Uint8Array || isStream(body)) return null
  throw new BodyError(contentType, service)
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
export function hasBody ({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}
