import { timingSafeEqual } from 'node:crypto'
import { HeartbeatForbiddenError, HeartbeatUnauthorizedError } from '../errors.js'
import { isLoopbackPeer } from '../peer.js'
import { Nonces } from './nonces.js'
import { refusalWith } from './refusal.js'
import { defaultKeyId, signatureHeaders, signatureOf } from './signature.js'
import type { FastifyRequest } from 'fastify'
import type { Authentication, HeartbeatKey } from './options.js'
import type { Clock } from '../../types/clock.js'

/** How far the time of a heartbeat may be from the gateway's, ms. */
export const windowMs = 60_000

/** What the sender of a heartbeat has proved. */
export interface Proved {
  /** The id of its key; null: keys are not what lets senders in. */
  readonly key: string | null
  /** The services that it may register; null: all. */
  readonly services: readonly string[] | null
}

/** The second half of an authentication, once the body is read. Throws a 401. */
export type Proof = (body: Uint8Array) => Proved

/**
 * The first half, before a byte of the body is read: throws a 401 or 403 for who cannot be let in. What passes has not proved anything
 * until its `Proof` is done.
 */
export type Admission = (request: FastifyRequest) => Proof | Promise<Proof>

type Time = Pick<Clock, 'now' | 'wall'>

/** How this gateway lets the senders of heartbeats in. */
export function admissionBy (authentication: Authentication, clock: Time): Admission {
  switch (authentication.kind) {
    case 'signature': return bySignature(authentication.keys, clock)
    case 'custom': return byHook(authentication.authenticate, clock)
    case 'loopback': return byLoopback
  }
}

const nothingToProve: Proof = () => ({ key: null, services: null })

function byLoopback (request: FastifyRequest): Proof {
  if (isLoopbackPeer(request)) return nothingToProve
  throw new HeartbeatForbiddenError('without a secret only processes on the gateway\'s machine may register')
}

function byHook (authenticate: (request: FastifyRequest) => boolean | Promise<boolean>, clock: Time): Admission {
  return async request => {
    let cause: unknown
    try {
      if (await authenticate(request) === true) return nothingToProve
    } catch (error) {
      cause = error
    }
    throw unauthorized('it was not let in', clock, cause)
  }
}

function bySignature (keys: readonly HeartbeatKey[], clock: Time): Admission {
  const nonces = new Nonces(2 * windowMs)
  return request => {
    const signed = signedOf(request, clock)
    const key = keys.find(({ id }) => id === signed.keyId)
    if (key === undefined) throw unauthorized(`the key '${signed.keyId}' is not known`, clock)
    if (Math.abs(clock.wall() - signed.time * 1000) > windowMs) throw unauthorized('its time is too far from the gateway\'s', clock)
    return body => {
      const expected = signatureOf({ ...signed, secret: key.secret, method: request.method, target: request.originalUrl, body })
      if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signed.signature))) throw unauthorized('the signature is wrong', clock)
      // Last, so that nobody without the secret can fill the memory.
      if (!nonces.use(key.id, signed.nonce, clock.now())) throw unauthorized('the nonce was used before', clock)
      return { key: key.id, services: key.services }
    }
  }
}

interface SignedHeaders {
  readonly keyId: string
  /** Unix seconds. */
  readonly time: number
  readonly nonce: string
  readonly signature: string
}

const forms = Object.freeze({
  key: /^[A-Za-z0-9._~:@-]{1,128}$/,
  time: /^(?:0|[1-9]\d{0,11})$/,
  nonce: /^[A-Za-z0-9._~-]{16,64}$/,
  signature: /^v1=[0-9a-f]{64}$/
})

function signedOf ({ headers }: FastifyRequest, clock: Time): SignedHeaders {
  const read = (part: keyof typeof forms): string => {
    const value = headers[signatureHeaders[part]] ?? (part === 'key' ? defaultKeyId : undefined)
    if (value === undefined) throw unauthorized(`the header ${signatureHeaders[part]} is missing`, clock)
    if (typeof value !== 'string' || !forms[part].test(value)) throw unauthorized(`the header ${signatureHeaders[part]} is malformed`, clock)
    return value
  }
  return { keyId: read('key'), time: Number(read('time')), nonce: read('nonce'), signature: read('signature') }
}

/** Every 401 tells the gateway's time, so that a sender whose clock is wrong can adopt the difference. */
function unauthorized (reason: string, clock: Time, cause?: unknown): Error {
  const error = new HeartbeatUnauthorizedError(reason)
  if (cause !== undefined) error.cause = cause
  return refusalWith(error, { extras: { serverTime: Math.floor(clock.wall() / 1000) } })
}
