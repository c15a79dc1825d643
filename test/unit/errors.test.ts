import { test } from 'tap'
import * as errors from '../../lib/errors.js'

test('every error has its code, its status and its message', async t => {
  const rows: ReadonlyArray<readonly [error: { code: string, statusCode?: number, message: string }, code: string, statusCode: number, message: string]> = [
    [new errors.OptionError("option 'a' must be 1, got 2"), 'FST_BALANCE_OPTION', 500, "option 'a' must be 1, got 2"],
    [new errors.RegisteredError('fastify-balance'), 'FST_BALANCE_REGISTERED', 500, 'fastify-balance is registered in this app already: register it once, on the outermost instance that uses it'],
    [new errors.NoNodeError('orders'), 'FST_BALANCE_NO_NODE', 503, "No node of service 'orders' is available"],
    [new errors.QueueError('orders', 'its queue is full'), 'FST_BALANCE_QUEUE', 503, "Every node of service 'orders' is busy, and its queue is full"],
    [new errors.UpstreamError('orders'), 'FST_BALANCE_UPSTREAM', 502, "Service 'orders' failed to answer"],
    [new errors.TimeoutError('orders'), 'FST_BALANCE_TIMEOUT', 504, "Service 'orders' did not answer in time"],
    [new errors.RequestError('orders', 'too odd'), 'FST_BALANCE_REQUEST', 400, "The request cannot be sent on to service 'orders': too odd"],
    [new errors.BodyError('text/x', 'orders'), 'FST_BALANCE_BODY', 415, "A body of type 'text/x' was parsed by this app and cannot be sent on to service 'orders': let it pass unparsed, with a content type parser that hands on the payload"],
    [new errors.ForbiddenError('Not you'), 'FST_BALANCE_FORBIDDEN', 403, 'Not you'],
    [new errors.HeartbeatUnauthorizedError('no signature'), 'FST_BALANCE_HEARTBEAT_UNAUTHORIZED', 401, 'Heartbeat not authenticated: no signature'],
    [new errors.HeartbeatForbiddenError('not here'), 'FST_BALANCE_HEARTBEAT_FORBIDDEN', 403, 'Heartbeat refused: not here'],
    [new errors.HeartbeatSupersededError('a', 7), 'FST_BALANCE_HEARTBEAT_SUPERSEDED', 409, "The id 'a' is held by incarnation 7"],
    [new errors.HeartbeatLimitError('too many'), 'FST_BALANCE_HEARTBEAT_LIMIT', 429, 'Heartbeat refused: too many'],
    [new errors.HeartbeatInvalidError('no service'), 'FST_ERR_VALIDATION', 400, 'Heartbeat not understood: no service'],
    [new errors.HeartbeatClosingError(), 'FST_BALANCE_HEARTBEAT_CLOSING', 503, 'This gateway is closing']
  ]
  for (const [error, code, statusCode, message] of rows) t.same([error.code, error.statusCode, error.message], [code, statusCode, message])
  t.same(Object.entries(errors).filter(([, each]) => !rows.some(([error]) => error.constructor === each)).map(([name]) => name), [], 'no error is left out')
})

test('a message of options is taken as it is — with a percent sign in the value', async t => {
  t.equal(new errors.OptionError("option 'id' must be short, got '100%s %d'").message, "option 'id' must be short, got '100%s %d'")
})
