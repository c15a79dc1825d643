import createError from '@fastify/error'
import type { FastifyErrorConstructor } from '@fastify/error'

/** An option or argument is wrong. Thrown at registration, or where it was given. */
export const OptionError: FastifyErrorConstructor<{ code: 'FST_BALANCE_OPTION', statusCode: 500 }, [string]> =
  createError('FST_BALANCE_OPTION', '%s', 500)

/** The gateway plugin or the agent was registered twice in one app, in the same or in another scope. */
export const RegisteredError: FastifyErrorConstructor<{ code: 'FST_BALANCE_REGISTERED', statusCode: 500 }, [string]> =
  createError('FST_BALANCE_REGISTERED', '%s is registered in this app already: register it once, on the outermost instance that uses it', 500)

/** Where a request failed says nothing about why, and taking the stack costs most when most requests fail. */
const withStack = false

/** The service has no node that may be offered the request. */
export const NoNodeError: FastifyErrorConstructor<{ code: 'FST_BALANCE_NO_NODE', statusCode: 503 }, [string]> =
  createError('FST_BALANCE_NO_NODE', "No node of service '%s' is available", 503, Error, withStack)

/** Every node of the service has as many requests as it may have, and the queue is full or the wait was too long. The second part says which. */
export const QueueError: FastifyErrorConstructor<{ code: 'FST_BALANCE_QUEUE', statusCode: 503 }, [string, string]> =
  createError('FST_BALANCE_QUEUE', "Every node of service '%s' is busy, and %s", 503, Error, withStack)

/** Nodes were tried and failed. */
export const UpstreamError: FastifyErrorConstructor<{ code: 'FST_BALANCE_UPSTREAM', statusCode: 502 }, [string]> =
  createError('FST_BALANCE_UPSTREAM', "Service '%s' failed to answer", 502, Error, withStack)

/** No node answered in time. */
export const TimeoutError: FastifyErrorConstructor<{ code: 'FST_BALANCE_TIMEOUT', statusCode: 504 }, [string]> =
  createError('FST_BALANCE_TIMEOUT', "Service '%s' did not answer in time", 504, Error, withStack)

/** The client's request cannot be sent on as it is. */
export const RequestError: FastifyErrorConstructor<{ code: 'FST_BALANCE_REQUEST', statusCode: 400 }, [string, string]> =
  createError('FST_BALANCE_REQUEST', "The request cannot be sent on to service '%s': %s", 400)

/** The app parsed the body into something that cannot be sent on. */
export const BodyError: FastifyErrorConstructor<{ code: 'FST_BALANCE_BODY', statusCode: 415 }, [string, string]> =
  createError('FST_BALANCE_BODY', "A body of type '%s' was parsed by this app and cannot be sent on to service '%s': let it pass unparsed, with a content type parser that hands on the payload", 415)

/** An operations route was asked for by somebody who may not. The text says why. */
export const ForbiddenError: FastifyErrorConstructor<{ code: 'FST_BALANCE_FORBIDDEN', statusCode: 403 }, [string]> =
  createError('FST_BALANCE_FORBIDDEN', '%s', 403)

/** The sender of a heartbeat did not prove who it is. */
export const HeartbeatUnauthorizedError: FastifyErrorConstructor<{ code: 'FST_BALANCE_HEARTBEAT_UNAUTHORIZED', statusCode: 401 }, [string]> =
  createError('FST_BALANCE_HEARTBEAT_UNAUTHORIZED', 'Heartbeat not authenticated: %s', 401)

/** The sender of a heartbeat may not register this service or this address. */
export const HeartbeatForbiddenError: FastifyErrorConstructor<{ code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN', statusCode: 403 }, [string]> =
  createError('FST_BALANCE_HEARTBEAT_FORBIDDEN', 'Heartbeat refused: %s', 403)

/** Another process with a higher incarnation holds the id. */
export const HeartbeatSupersededError: FastifyErrorConstructor<{ code: 'FST_BALANCE_HEARTBEAT_SUPERSEDED', statusCode: 409 }, [string, number]> =
  createError('FST_BALANCE_HEARTBEAT_SUPERSEDED', "The id '%s' is held by incarnation %d", 409)

/** Too many nodes, or heartbeats too often. */
export const HeartbeatLimitError: FastifyErrorConstructor<{ code: 'FST_BALANCE_HEARTBEAT_LIMIT', statusCode: 429 }, [string]> =
  createError('FST_BALANCE_HEARTBEAT_LIMIT', 'Heartbeat refused: %s', 429)

/** The body of a heartbeat is not what the protocol says. */
export const HeartbeatInvalidError: FastifyErrorConstructor<{ code: 'FST_ERR_VALIDATION', statusCode: 400 }, [string]> =
  createError('FST_ERR_VALIDATION', 'Heartbeat not understood: %s', 400)

/** The gateway is closing; another one may be beaten. */
export const HeartbeatClosingError: FastifyErrorConstructor<{ code: 'FST_BALANCE_HEARTBEAT_CLOSING', statusCode: 503 }, []> =
  createError('FST_BALANCE_HEARTBEAT_CLOSING', 'This gateway is closing', 503)
