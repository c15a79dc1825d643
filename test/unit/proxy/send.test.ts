import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { Sending } from '../../../lib/proxy/send.js'
import { ManualClock } from '../../support/clock.js'
import type { Dispatcher } from 'undici'
import type { Connection, Pool } from '../../../lib/proxy/pool.js'
import type { SendListener } from '../../../lib/proxy/send.js'

interface Scripted {
  readonly sending: Sending
  readonly heard: string[]
  readonly controller: Dispatcher.DispatchController & { readonly done: string[] }
}

/** An attempt whose connection is played by the test. */
function sendingWith (given: { wanted?: boolean, reused?: boolean } = {}): Scripted {
  const heard: string[] = []
  const listener: SendListener = {
    head: statusCode => {
      heard.push(`head ${statusCode}`)
      return given.wanted ?? true
    },
    failed: (failure, error) => heard.push(`failed ${failure}: ${error.message}`),
    ended: () => heard.push('ended'),
    broken: error => {
      heard.push(`broken: ${error.message}`)
      return new Error('for the reader')
    },
    cancelled: () => heard.push('cancelled')
  }
  const sending = new Sending(listener)
  const done: string[] = []
  const controller = {
    done,
    paused: false,
    abort: (error: Error) => done.push(`abort ${error.message}`),
    pause: () => {
      controller.paused = true
      done.push('pause')
    },
    resume: () => {
      controller.paused = false
      done.push('resume')
    }
  }
  sending.carriedBy({ serve: () => given.reused === true ? 1 : 0 } as unknown as Connection)
  return { sending, heard, controller: controller as unknown as Scripted['controller'] }
}

const coded = (code: string): Error => Object.assign(new Error(code), { code })

const failures: ReadonlyArray<readonly [code: string, phase: 'waiting' | 'sent' | 'reused', failure: string]> = [
  ['ECONNREFUSED', 'waiting', 'connect'],
  ['UND_ERR_DESTROYED', 'waiting', 'connect'],
  ['UND_ERR_INVALID_ARG', 'waiting', 'client'],
  ['UND_ERR_NOT_SUPPORTED', 'waiting', 'client'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'waiting', 'client'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'sent', 'client'],
  ['ECONNRESET', 'sent', 'reset'],
  ['ECONNRESET', 'reused', 'stale'],
  ['UND_ERR_SOCKET', 'reused', 'stale'],
  ['HPE_INVALID_CONSTANT', 'sent', 'malformed'],
  ['HPE_INVALID_CONSTANT', 'reused', 'malformed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'reused', 'malformed']
]

for (const [code, phase, failure] of failures) {
  test(`an attempt that ends in ${code} while ${phase} — failed as ${failure}`, async t => {
    const { sending, heard, controller } = sendingWith({ reused: phase === 'reused' })
    t.equal(sending.wasSent, false)
    const steps = { waiting: () => {}, sent: () => sending.onRequestStart(controller), reused: () => sending.onRequestStart(controller) }
    steps[phase]()
    sending.onResponseError(controller, coded(code))
    sending.onResponseError(controller, coded('again'))
    t.same(heard, [`failed ${failure}: ${code}`])
  })
}

test('an error without a code — is a failure all the same', async t => {
  const { sending, heard } = sendingWith()
  sending.onResponseError(null, new Error('odd'))
  t.same(heard, ['failed connect: odd'])
})

test('what undici throws at once — is a fault of the request', async t => {
  for (const thrown of [new Error('no'), 'no']) {
    const { sending, heard } = sendingWith()
    sending.start({ dispatch: () => { throw thrown } } as unknown as Pool, { origin: 'http://node', method: 'GET', path: '/', headers: [], body: null, bodyTimeout: undefined }, new ManualClock())
    t.same(heard, ['failed client: no'])
  }
})

test('an attempt that was abandoned before it began — is not dispatched', async t => {
  const { sending, heard } = sendingWith()
  sending.abandon()
  sending.start({ dispatch: () => heard.push('dispatched') > 0 } as unknown as Pool, { origin: 'http://node', method: 'GET', path: '/', headers: [], body: null, bodyTimeout: undefined }, new ManualClock())
  t.same(heard, [])
})

test('an attempt that was abandoned while it waited — is not sent when its turn comes', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.abandon()
  sending.abandon()
  sending.onRequestStart(controller)
  sending.onResponseError(controller, coded('UND_ERR_ABORTED'))
  t.same([heard, controller.done], [[], ['abort abandoned']])
})

test('an attempt that was abandoned after it was sent — is cut off, and nothing more is heard of it', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  sending.abandon()
  sending.onResponseStart(controller, 200, {})
  sending.onResponseEnd()
  t.same([heard, controller.done], [[], ['abort abandoned']])
})

test('informational responses — are passed over', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  for (const status of [100, 103, 200]) sending.onResponseStart(controller, status, {})
  t.same(heard, ['head 200'])
})

test('a response that is complete when it is handed over — is whole, or a stream, or nothing', async t => {
  const rows: ReadonlyArray<readonly [chunks: string[], mayBeWhole: boolean, body: string | undefined]> = [[[], true, undefined], [[], false, undefined], [['a'], true, 'a'], [['a', 'b'], true, 'ab']]
  for (const [chunks, mayBeWhole, expected] of rows) {
    const { sending, heard, controller } = sendingWith()
    sending.onRequestStart(controller)
    sending.onResponseStart(controller, 200, {})
    for (const chunk of chunks) sending.onResponseData(controller, Buffer.from(chunk))
    t.equal(sending.isComplete, false)
    sending.onResponseEnd()
    t.equal(sending.isComplete, true)
    t.equal(sending.body(mayBeWhole)?.toString(), expected)
    t.same(heard, ['head 200', 'ended'])
  }
})

test('a complete response in several chunks — is put together up to 64 KiB — and a stream from there on', async t => {
  const kinds: string[] = []
  for (const bytes of [65_536, 65_537]) {
    const { sending, controller } = sendingWith()
    sending.onRequestStart(controller)
    sending.onResponseStart(controller, 200, {})
    for (const size of [1, bytes - 1]) sending.onResponseData(controller, Buffer.alloc(size))
    sending.onResponseEnd()
    const body = sending.body(true)
    kinds.push(Buffer.isBuffer(body) ? `${body.length} bytes` : 'a stream')
  }
  t.same(kinds, ['65536 bytes', 'a stream'])
})

test('a response that has no reader yet — is taken ahead up to 128 KiB — then the node waits, and does not stand still', async t => {
  const { sending, controller, clock } = flowing(100)
  sending.onResponseData(controller, Buffer.alloc(65_536))
  sending.onResponseData(controller, Buffer.alloc(65_536))
  t.same(controller.done, [])
  sending.onResponseData(controller, Buffer.alloc(1))
  t.same(controller.done, ['pause'])
  const body = sending.stream()
  clock.advance(1000)
  t.same(controller.done, ['pause'], 'it was told to wait')
  body.resume()
  await turn()
  t.equal(controller.paused, false)
  clock.advance(100)
  t.match(controller.done.at(-1), /^abort nothing/)
})

test('what the headers were read from — is emptied, for it is as old as its connection', async t => {
  const { sending, heard, controller } = sendingWith()
  controller.rawHeaders = [Buffer.from('a'), Buffer.from('b')]
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 200, { a: 'b' })
  t.same(controller.rawHeaders, [])
  t.same(heard, ['head 200'])
})

test('a complete response as a stream — has all of it and ends', async t => {
  for (const chunks of [[], ['a', 'b']]) {
    const { sending, controller } = sendingWith()
    sending.onRequestStart(controller)
    sending.onResponseStart(controller, 200, {})
    for (const chunk of chunks) sending.onResponseData(controller, Buffer.from(chunk))
    sending.onResponseEnd()
    let text = ''
    for await (const chunk of sending.stream()) text += chunk
    t.equal(text, chunks.join(''))
  }
})

test('a response that still comes — pauses the node when its reader is full, and goes on when he reads', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 200, {})
  sending.onResponseData(controller, Buffer.from('a'))
  const body = sending.stream()
  sending.onResponseData(controller, Buffer.alloc(70_000))
  t.same(controller.done, ['pause'])
  body.resume()
  await turn()
  t.match(controller.done, ['pause', 'resume'])
  sending.onResponseEnd()
  await once(body, 'end')
  t.same(heard, ['head 200', 'ended'])
})

/** An attempt that has its response head, and whose body may stand still for 100 ms; the test has the time. */
function flowing (bodyTimeout: number | undefined, given: Parameters<typeof sendingWith>[0] = {}): Scripted & { clock: ManualClock } {
  const scripted = sendingWith(given)
  const clock = new ManualClock()
  scripted.sending.start({ dispatch: () => {} } as unknown as Pool, { origin: 'http://node', method: 'GET', path: '/', headers: [], body: null, bodyTimeout }, clock)
  scripted.sending.onRequestStart(scripted.controller)
  scripted.sending.onResponseStart(scripted.controller, 200, {})
  return { ...scripted, clock }
}

test('a body that stands still — is broken off', async t => {
  const { sending, heard, controller, clock } = flowing(100)
  const body = sending.stream()
  clock.advance(99)
  sending.onResponseData(controller, Buffer.from('a'))
  clock.advance(99)
  t.same(controller.done, [])
  const failed = once(body, 'error')
  clock.advance(1)
  t.match((await failed)[0], { message: 'for the reader' })
  t.same(controller.done, ['abort nothing of the body came for 100 ms'])
  sending.onResponseError(controller, coded('UND_ERR_ABORTED'))
  t.same(heard, ['head 200', 'broken: nothing of the body came for 100 ms'])
  t.equal(clock.timers, 0)
})

test('a body whose reader is slow — does not stand still', async t => {
  const { sending, controller, clock } = flowing(100)
  const body = sending.stream()
  sending.onResponseData(controller, Buffer.alloc(70_000))
  clock.advance(1000)
  clock.advance(1000)
  t.same(controller.done, ['pause'])
  body.resume()
  await turn()
  clock.advance(99)
  t.equal(controller.done.some(each => each.startsWith('abort')), false)
  clock.advance(1)
  t.match(controller.done.at(-1), /^abort nothing/)
})

test('a body — may stand still for 300 s by default — and as long as it likes with 0', async t => {
  const { sending, controller, clock } = flowing(undefined)
  sending.stream()
  clock.advance(299_999)
  t.same(controller.done, [])
  clock.advance(1)
  t.match(controller.done, [/^abort/])

  const endless = flowing(0)
  endless.sending.stream()
  t.equal(endless.clock.timers, 0)
})

test('a body — is not watched when it came with its head, nor any more when it is over', async t => {
  const whole = flowing(100)
  whole.sending.onResponseEnd()
  whole.sending.stream()
  t.equal(whole.clock.timers, 0)
  type End = (scripted: Scripted) => void
  const ends: End[] = [({ sending }) => sending.onResponseEnd(), ({ sending, controller }) => sending.onResponseError(controller, coded('ECONNRESET')), ({ sending }) => sending.abandon()]
  for (const end of ends) {
    const scripted = flowing(100)
    scripted.sending.stream()
    t.equal(scripted.clock.timers, 1)
    end(scripted)
    t.equal(scripted.clock.timers, 0)
  }
})

test('a response that is not wanted — is cut off after a second, however it trickles and however long it might stand still', async t => {
  for (const bodyTimeout of [100, 0, undefined]) {
    const { sending, heard, controller, clock } = flowing(bodyTimeout, { wanted: false })
    clock.advance(999)
    sending.onResponseData(controller, Buffer.from('a'))
    t.same(controller.done, [])
    clock.advance(1)
    t.match(controller.done, [/^abort/])
    t.same(heard, ['head 200'])
  }
})

test('a 304 — that says how long the body is which it does without — is complete', async t => {
  for (const [status, expected] of [[304, ['head 304', 'ended']], [200, ['head 200', 'broken: the error']]] as const) {
    const { sending, heard, controller } = sendingWith()
    sending.onRequestStart(controller)
    sending.onResponseStart(controller, status, { 'content-length': '5' })
    sending.onResponseError(controller, Object.assign(new Error('the error'), { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' }))
    t.same(heard, expected)
  }
})

test('a response that breaks off — ends its stream in the error that the listener gives — before and after it was handed over', async t => {
  for (const order of ['before', 'after']) {
    const { sending, heard, controller } = sendingWith()
    sending.onRequestStart(controller)
    sending.onResponseStart(controller, 200, {})
    const breaks = (): void => sending.onResponseError(controller, coded('ECONNRESET'))
    const early = order === 'before' ? breaks : () => {}
    const late = order === 'before' ? () => {} : breaks
    early()
    const failed = once(sending.stream(), 'error')
    late()
    t.match((await failed)[0], { message: 'for the reader' }, order)
    t.same(heard, ['head 200', 'broken: ECONNRESET'], order)
  }
})

test('a reader that stops — cuts the node off, and the listener knows', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 200, {})
  sending.stream().destroy()
  t.same([heard, controller.done], [['head 200', 'cancelled'], ['abort abandoned']])
})

test('a stream of an attempt that is abandoned — ends in an error, which nobody must hear', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 200, {})
  const body = sending.stream()
  sending.abandon()
  await new Promise(resolve => body.once('close', resolve))
  t.match(body.errored, { message: 'abandoned' })
  t.same(heard, ['head 200'])
})

test('a response that is not wanted — is read to 64 KiB and no further', async t => {
  const { sending, heard, controller } = sendingWith({ wanted: false })
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 503, {})
  sending.onResponseData(controller, Buffer.alloc(65_536))
  t.same(controller.done, [])
  sending.onResponseData(controller, Buffer.alloc(1))
  t.same(controller.done, ['abort discarded'])
  sending.onResponseError(controller, coded('UND_ERR_ABORTED'))
  sending.onResponseEnd()
  t.same(heard, ['head 503'])
})

test('a status that does not exist — is no response', async t => {
  const { sending, heard, controller } = sendingWith()
  sending.onRequestStart(controller)
  sending.onResponseStart(controller, 600, {})
  t.same([heard, controller.done], [['failed malformed: there is no status 600'], ['abort malformed']])
})
