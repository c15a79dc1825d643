import { test } from 'tap'
import { send } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import {
  breakingOffAfter, closingAfterReading, hanging, refusingOrigin, resettingAfterReading, resettingBeforeReading, saying, silentOrigin, startUpstream
} from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { Test } from 'tap'
import type { ServiceOptions } from '../../../types/index.js'

interface Expected { readonly status: number, readonly trace: readonly string[], readonly code?: string }

interface Row {
  readonly event: string
  readonly origin: (t: Test) => Promise<string>
  readonly options?: Omit<ServiceOptions, 'nodes'>
  /** What a GET gets, and what a POST gets, when there is another node. */
  readonly get: Expected
  readonly post: Expected
  /** What a GET gets when there is none. */
  readonly alone: Expected
}

const nasty = (...[behaviour]: [Parameters<typeof startUpstream>[1]]) => async (t: Test) => (await startUpstream(t, behaviour)).origin
const answer = (...[status, text, headers]: Parameters<typeof answering>) => async (t: Test) => (await startWorker(t, answering(status, text, headers))).origin

const upstream = 'FST_BALANCE_UPSTREAM'
const timeout = 'FST_BALANCE_TIMEOUT'
const reached: Omit<Row, 'event' | 'origin'> = {
  get: { status: 200, trace: ['a/failed', 'b/200'] },
  post: { status: 502, code: upstream, trace: ['a/failed'] },
  alone: { status: 502, code: upstream, trace: ['a/failed'] }
}
const unreached: Omit<Row, 'event' | 'origin'> = {
  get: { status: 200, trace: ['a/unreached', 'b/200'] },
  post: { status: 200, trace: ['a/unreached', 'b/200'] },
  alone: { status: 502, code: upstream, trace: ['a/unreached'] }
}
const relayed = (status: number): Omit<Row, 'event' | 'origin'> => ({
  get: { status, trace: [`a/${status}`] },
  post: { status, trace: [`a/${status}`] },
  alone: { status, trace: [`a/${status}`] }
})
const retried = (status: number): Omit<Row, 'event' | 'origin'> => ({ ...relayed(status), get: { status: 200, trace: [`a/${status}`, 'b/200'] } })
const tooLong = `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`

const rows: readonly Row[] = [
  { event: 'a refused connection', origin: refusingOrigin, ...unreached },
  { event: 'a name that does not resolve', origin: async () => 'http://nowhere.invalid:80', options: { connectTimeoutMs: 300 }, ...unreached },
  { event: 'no answer to the connecting', origin: silentOrigin, options: { connectTimeoutMs: 150 }, ...unreached },
  { event: 'no TLS where TLS was wanted', origin: async t => (await startWorker(t)).origin.replace('http', 'https'), ...unreached },
  { event: 'a reset before anything was read', origin: nasty(resettingBeforeReading), ...reached },
  { event: 'a reset after the request was read', origin: nasty(resettingAfterReading), ...reached },
  { event: 'a close after the request was read', origin: nasty(closingAfterReading), ...reached },
  { event: 'an answer that is not HTTP', origin: nasty(saying('SSH-2.0-OpenSSH_9.2\r\n')), ...reached },
  { event: 'half a response head', origin: nasty(saying('HTTP/1.1 200 OK\r\ncontent-le')), ...reached },
  { event: 'half a response head and a reset', origin: nasty(breakingOffAfter('HTTP/1.1 200 OK\r\ncontent-le')), ...reached },
  { event: 'a response head that is too long', origin: nasty(saying(tooLong)), ...reached },
  { event: 'a switch of protocols that nobody asked for', origin: nasty(saying('HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n')), ...reached },
  { event: 'a status that does not exist', origin: nasty(saying('HTTP/1.1 799 Odd\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok')), ...reached },
  {
    event: 'no answer within the time of an attempt',
    origin: nasty(hanging),
    options: { attemptTimeoutMs: 100 },
    get: { status: 200, trace: ['a/failed', 'b/200'] },
    post: { status: 504, code: timeout, trace: ['a/failed'] },
    alone: { status: 504, code: timeout, trace: ['a/failed'] }
  },
  {
    event: 'no answer within the time of the request',
    origin: nasty(hanging),
    options: { timeoutMs: 100 },
    get: { status: 504, code: timeout, trace: ['a/aborted'] },
    post: { status: 504, code: timeout, trace: ['a/aborted'] },
    alone: { status: 504, code: timeout, trace: ['a/aborted'] }
  },
  ...[502, 503, 504].map(status => ({ event: `status ${status}`, origin: answer(status), ...retried(status) })),
  ...[400, 404, 409, 500, 501, 505].map(status => ({ event: `status ${status}`, origin: answer(status), ...relayed(status) })),
  { event: 'status 429', origin: answer(429), ...retried(429) },
  { event: 'a status that retryOn names', origin: answer(418), options: { retryOn: [418] }, ...retried(418) },
  { event: 'a status that retryOn does not name', origin: answer(503), options: { retryOn: [418] }, ...relayed(503) },
  {
    event: 'status 503 of a node that drains',
    origin: answer(503, '', { 'x-balance-draining': '1' }),
    get: { status: 200, trace: ['a/aborted', 'b/200'] },
    post: { status: 200, trace: ['a/aborted', 'b/200'] },
    alone: { status: 503, trace: ['a/aborted'] }
  }
]

async function check (t: Test, { origin, options = {} }: Row, { status, trace, code }: Expected, { method, another }: { method: string, another: boolean }): Promise<void> {
  const other = await startWorker(t, answering(200, 'other'))
  const a = await origin(t)
  const gateway = await gatewayWith(t, { nodes: another ? { a, b: other.origin } : { a }, ...options })
  const sent = await send(`${gateway.origin}/some/path`, { method, ...method === 'POST' ? { headers: { 'content-type': 'text/plain' }, body: 'once' } : {} })
  t.equal(sent.status, status)
  t.same(gateway.trace, trace)
  t.equal(code === undefined ? undefined : sent.json().code, code)
  t.notMatch(sent.text, /127\.0\.0\.1|localhost|ECONN|ENOTFOUND|EAI_AGAIN|:\d{4}/, 'no address reaches the client')
  t.equal(code === undefined || sent.json().message.includes("'things'"), true, 'the message names the service')
}

for (const row of rows) {
  test(`failover — ${row.event}`, async t => {
    await t.test('GET, there is another node', t => check(t, row, row.get, { method: 'GET', another: true }))
    await t.test('POST, there is another node', t => check(t, row, row.post, { method: 'POST', another: true }))
    await t.test('GET, there is no other node', t => check(t, row, row.alone, { method: 'GET', another: false }))
  })
}
