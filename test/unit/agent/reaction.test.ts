import t from 'tap'
import { reactionTo } from '../../../lib/agent/reaction.js'
import type { Circumstances } from '../../../lib/agent/reaction.js'

const wallMs = Date.UTC(2026, 10, 22, 12)
const signedAt = wallMs / 1000
const circumstances: Circumstances = { signedAt, intervalMs: 1000, wallMs }
const answer = { id: 'a', service: 'orders', state: 'up', intervalMs: 2000, ttlMs: 6000, gateways: ['http://b'], fanout: 'all', drain: false }

function reaction (statusCode: number, body: unknown = null, { retryAfter = null, ...fields }: Partial<Circumstances> & { retryAfter?: string | null } = {}) {
  return reactionTo({ kind: 'answered', statusCode, retryAfter, body }, { ...circumstances, ...fields })
}

t.test('200: the directives are followed', async t => {
  t.same(reaction(200, answer), { kind: 'follow', answer: { id: 'a', intervalMs: 2000, gateways: ['http://b'], fanout: 'all', drain: false } })
  t.match(reaction(200, { ...answer, fanout: 'one', drain: true }), { answer: { fanout: 'one', drain: true } })
})

t.test('200: what makes no sense in an answer is left out', async t => {
  t.same(reaction(200, { id: 'a', intervalMs: 'soon', gateways: 'all', fanout: 'some', drain: 1 }), { kind: 'follow', answer: { id: 'a', intervalMs: null, gateways: [], fanout: 'all', drain: false } })
  t.match(reaction(200, { ...answer, intervalMs: 0, gateways: ['http://b', 5] }), { answer: { intervalMs: 10, gateways: ['http://b'] } })
  t.match(reaction(200, { ...answer, intervalMs: 1e9 }), { answer: { intervalMs: 60_000 } })
})

t.test('200 without an answer is not from a gateway: 30 s', async t => {
  for (const body of [null, {}, [], 'ok']) t.match(reaction(200, body), { kind: 'wait', delayMs: 30_000, trouble: 'unexpected' })
})

t.test('400 and 403: 30 s, in the words of the gateway', async t => {
  t.same(reaction(400, { message: 'no port' }), { kind: 'wait', delayMs: 30_000, trouble: 'invalid', detail: '400 no port', isPassing: false })
  t.same(reaction(403), { kind: 'wait', delayMs: 30_000, trouble: 'forbidden', detail: '403', isPassing: false })
})

t.test('401: the time is adopted when it differs, by more than half a minute', async t => {
  t.match(reaction(401, { serverTime: signedAt + 31 }), { kind: 'adopt-time', serverTime: signedAt + 31 })
  t.match(reaction(401, { serverTime: signedAt - 3600 }), { kind: 'adopt-time' })
  t.match(reaction(401, { serverTime: signedAt + 30 }), { kind: 'wait', delayMs: 30_000, trouble: 'unauthorized' })
})

t.test('401: 30 s when the time is not the reason', async t => {
  for (const body of [null, {}, { serverTime: 'now' }, { serverTime: 1.5 }]) t.match(reaction(401, body), { kind: 'wait', delayMs: 30_000, trouble: 'unauthorized' })
  t.match(reaction(401, { serverTime: 5 }, { signedAt: null }), { kind: 'wait' }, 'an unsigned beat has no time')
})

t.test('409: the id is contested, if the holder is named', async t => {
  for (const [sameOrigin, isSame] of [[true, true], [false, false], [undefined, false], ['yes', false]]) {
    t.match(reaction(409, { incarnation: 7, sameOrigin }), { kind: 'contest', incarnation: 7, sameOrigin: isSame })
  }
  for (const incarnation of [undefined, -1, 1.5, '7', 2 ** 53]) t.match(reaction(409, { incarnation }), { kind: 'wait', delayMs: 30_000, trouble: 'superseded' })
})

t.test('429: Retry-After, in seconds or as a date', async t => {
  t.match(reaction(429, null, { retryAfter: '5' }), { kind: 'wait', delayMs: 5000, trouble: 'limited' })
  t.match(reaction(429, null, { retryAfter: 'Sun, 22 Nov 2026 12:00:07 GMT' }), { delayMs: 7000 })
  t.match(reaction(429, null, { retryAfter: 'Sun, 22 Nov 2026 11:00:00 GMT' }), { delayMs: 250 })
  t.match(reaction(429, null, { retryAfter: '0' }), { delayMs: 250 }, 'no tight loop')
  t.match(reaction(429, null, { retryAfter: '999999' }), { delayMs: 300_000 })
  for (const retryAfter of [null, 'soon']) t.match(reaction(429, null, { retryAfter }), { delayMs: 1000 })
})

t.test('503: no later than the next beat', async t => {
  t.match(reaction(503), { kind: 'wait', delayMs: 1000, trouble: 'closing', isPassing: true })
  t.match(reaction(503, null, { retryAfter: '30' }), { delayMs: 1000 })
  t.match(reaction(503, null, { retryAfter: '1', intervalMs: 5000 }), { delayMs: 1000 })
  t.match(reaction(503, null, { retryAfter: '0' }), { delayMs: 250 })
  t.match(reaction(503, null, { retryAfter: '0', intervalMs: 100 }), { delayMs: 100 })
})

t.test('other statuses: a refusal waits 30 s, a failure is tried again soon', async t => {
  for (const statusCode of [204, 301, 404, 413]) t.match(reaction(statusCode), { kind: 'wait', delayMs: 30_000, trouble: 'refused' })
  for (const statusCode of [500, 502, 504]) t.match(reaction(statusCode), { kind: 'back-off', trouble: 'unexpected', isPassing: true })
})

t.test('no answer: tried again soon, with the reason', async t => {
  t.same(reactionTo({ kind: 'failed', error: new Error('refused') }, circumstances), { kind: 'back-off', trouble: 'unreachable', detail: 'refused', isPassing: true })
  const aggregate = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })
  t.match(reactionTo({ kind: 'failed', error: aggregate }, circumstances), { detail: 'ECONNREFUSED', isPassing: false })
  t.match(reactionTo({ kind: 'failed', error: new RangeError('') }, circumstances), { detail: 'RangeError' })
})

t.test('no answer: it is not said again at once where nobody listens, by any of the addresses', async t => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code })
  const several = (...codes: string[]): Error => Object.assign(new AggregateError(codes.map(coded), ''), { code: codes[0] })
  const rows: ReadonlyArray<readonly [error: Error, isPassing: boolean]> = [
    [coded('ECONNREFUSED'), false], [several('ECONNREFUSED', 'ECONNREFUSED'), false], [several('ECONNREFUSED', 'ETIMEDOUT'), true],
    [coded('ECONNRESET'), true], [new Error('no answer within 1000 ms'), true]
  ]
  for (const [error, isPassing] of rows) t.match(reactionTo({ kind: 'failed', error }, circumstances), { isPassing })
})
