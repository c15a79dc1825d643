import { test } from 'tap'
import { answerOf } from '../../../lib/proxy/answer.js'

const times = { latencyMs: 7, wallNow: Date.UTC(2026, 10, 22) }
const retryOn = new Set([503])

test('a response head — is told as it is — when nothing is special', async t => {
  t.strictSame(answerOf(200, {}, retryOn, times), {
    event: { kind: 'response', statusCode: 200, isRetryable: false, isDraining: false },
    outcome: { kind: 'response', statusCode: 200, latencyMs: 7 }
  })
})

test('a response head — is retryable exactly when its status is one of those that fail over', async t => {
  t.match(answerOf(503, {}, retryOn, times), { event: { isRetryable: true, isDraining: false }, outcome: { statusCode: 503 } })
  t.match(answerOf(502, {}, retryOn, times), { event: { isRetryable: false } })
})

test('a response head — carries its Retry-After to those who learn', async t => {
  t.match(answerOf(503, { 'retry-after': '2' }, retryOn, times), { outcome: { kind: 'response', retryAfterMs: 2000 } })
  t.match(answerOf(429, { 'retry-after': 'Sun, 22 Nov 2026 00:00:09 GMT' }, retryOn, times), { outcome: { retryAfterMs: 9000 } })
  t.notOk('retryAfterMs' in answerOf(503, { 'retry-after': 'soon' }, retryOn, times).outcome)
})

test('a 503 of a node that drains — says nothing about the node', async t => {
  t.strictSame(answerOf(503, { 'x-balance-draining': '1' }, new Set(), times), {
    event: { kind: 'response', statusCode: 503, isRetryable: false, isDraining: true },
    outcome: { kind: 'aborted', elapsedMs: 7 }
  })
})

test('the mark of a draining node — means nothing on another status, or with another value', async t => {
  t.match(answerOf(500, { 'x-balance-draining': '1' }, retryOn, times), { event: { isDraining: false }, outcome: { kind: 'response' } })
  t.match(answerOf(503, { 'x-balance-draining': '0' }, retryOn, times), { event: { isDraining: false }, outcome: { kind: 'response' } })
})
