import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { ReplayBody } from '../../../lib/proxy/replay.js'
import { forwardWith } from './forward-fixture.js'
import type { Test } from 'tap'
import type { ForwardFixture, PlayedAttempt } from './forward-fixture.js'

const turn = async (): Promise<void> => { await new Promise(resolve => setImmediate(resolve)) }

/** The attempt that runs now. */
function current ({ attempts }: ForwardFixture): PlayedAttempt {
  const attempt = attempts.at(-1)
  if (attempt === undefined) throw new Error('no attempt')
  return attempt
}

/** What holds when a request is over, however it ended. */
function checkOver (t: Test, { clock, nodes }: ForwardFixture): void {
  t.same(nodes.map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is in flight')
  t.equal(clock.timers, 0, 'no timer is left')
}

test('a short response — is handed over whole, in the turn in which it came', async t => {
  const fixture = forwardWith()
  fixture.forward.start()
  current(fixture).connect()
  fixture.clock.advance(5)
  current(fixture).respond(200, { 'content-type': 'text/plain' })
  current(fixture).sending.onResponseData(null as never, Buffer.from('fine'))
  current(fixture).sending.onResponseEnd()
  t.same(fixture.told, [], 'not within the parser')
  await turn()
  t.same(fixture.told, ['relay 200 fine'])
  t.same(fixture.settled, ['a 200 after 5'])
  checkOver(t, fixture)
})

test('a long response — is handed over as a stream, and in flight until its end', async t => {
  const fixture = forwardWith()
  fixture.forward.start()
  current(fixture).connect()
  current(fixture).respond(200, { 'content-type': 'text/plain' })
  await turn()
  t.same(fixture.told, ['relay 200 object'])
  t.equal(fixture.nodes[0]?.inFlight, 1)
  fixture.clock.advance(99_999)
  current(fixture).sending.onResponseEnd()
  t.same(fixture.settled, ['a 200 after 0'])
  checkOver(t, fixture)
})

test('the responses of one turn — are handed over one after the other at its end', async t => {
  const fixture = forwardWith()
  const other = fixture.another()
  fixture.forward.start()
  other.forward.start()
  for (const attempt of fixture.attempts) {
    attempt.connect()
    attempt.respond(200, { 'content-type': 'text/plain' })
    attempt.sending.onResponseEnd()
    await Promise.resolve()
  }
  t.same([fixture.told, other.told], [[], []], 'not while others may come')
  await turn()
  t.match([fixture.told, other.told], [[/^relay 200/], [/^relay 200/]])
})

test('a response without a type — is not handed over as a Buffer, to which Fastify would give one', async t => {
  const fixture = forwardWith()
  fixture.forward.start()
  current(fixture).connect()
  current(fixture).respond(200)
  current(fixture).sending.onResponseData(null as never, Buffer.from('fine'))
  current(fixture).sending.onResponseEnd()
  await turn()
  t.same(fixture.told, ['relay 200 object'])
  checkOver(t, fixture)
})

test('a response that breaks off in the turn of its head — goes to the next node, as one attempt', async t => {
  const fixture = forwardWith({ balance: { attempts: 2 } })
  fixture.forward.start()
  current(fixture).connect()
  current(fixture).respond(200)
  current(fixture).fail('ECONNRESET')
  await turn()
  current(fixture).connect()
  current(fixture).respond(200)
  current(fixture).sending.onResponseEnd()
  await turn()
  t.same(fixture.told, ['over from a', 'relay 200 undefined'])
  t.same(fixture.settled, ['a failed after 0', 'b 200 after 0'])
  checkOver(t, fixture)
})

test('a response that breaks off in the turn of its head — is a failure — when the request may not be sent twice', async t => {
  const fixture = forwardWith({ idempotent: false })
  fixture.forward.start()
  current(fixture).connect()
  current(fixture).respond(200)
  current(fixture).fail('ECONNRESET')
  await turn()
  t.same(fixture.told, ['fail FST_BALANCE_UPSTREAM'])
  checkOver(t, fixture)
})

test('the time to connect — ends at its limit, not before — and the next node has its own', async t => {
  const fixture = forwardWith({ idempotent: false, balance: { connectTimeoutMs: 100 } })
  fixture.forward.start()
  fixture.clock.advance(99)
  t.same(fixture.told, [])
  fixture.clock.advance(1)
  t.same(fixture.told, ['over from a'])
  fixture.clock.advance(99)
  t.equal(current(fixture).node, 'b')
  current(fixture).connect()
  fixture.clock.advance(1)
  t.same(fixture.settled, ['a unreached after 100'], 'connected in time')
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('an attempt whose limit is reached before it is sent — is not sent, and leaves the body to the next', async t => {
  const source = new PassThrough()
  source.end('whole')
  const body = new ReplayBody(source, 100, { usedBytes: 0, limitBytes: 1000 })
  const advances = [100]
  const fixture = forwardWith({ body, balance: { connectTimeoutMs: 100 }, watch: { started: () => fixture.clock.advance(advances.shift() ?? 0) } })
  fixture.forward.start()
  t.same(fixture.told, ['over from a'])
  t.same(fixture.attempts.map(({ node }) => node), ['b'])
  let sent = ''
  for await (const chunk of current(fixture).options.body as PassThrough) sent += chunk
  t.equal(sent, 'whole')
  current(fixture).connect()
  current(fixture).respond(200)
  current(fixture).sending.onResponseEnd()
  await turn()
  t.same(fixture.told, ['over from a', 'relay 200 undefined'])
  checkOver(t, fixture)
})

test('a deadline that is over before the first attempt is sent — is told once', async t => {
  const source = new PassThrough()
  source.end('whole')
  const body = new ReplayBody(source, 100, { usedBytes: 0, limitBytes: 1000 })
  const fixture = forwardWith({ body, balance: { timeoutMs: 500 }, watch: { started: () => fixture.clock.advance(500) } })
  fixture.forward.start()
  await turn()
  t.same([fixture.told, fixture.attempts.length], [['fail FST_BALANCE_TIMEOUT'], 0])
  checkOver(t, fixture)
})

test('the time of an attempt — runs from its start, and ends at its limit', async t => {
  const fixture = forwardWith({ balance: { connectTimeoutMs: 100 }, attemptTimeoutMs: 300 })
  fixture.forward.start()
  fixture.clock.advance(50)
  current(fixture).connect()
  fixture.clock.advance(50)
  fixture.clock.advance(199)
  t.same(fixture.told, [])
  fixture.clock.advance(1)
  t.same(fixture.told, ['over from a'])
  t.same(fixture.attempts[0]?.aborts, ['abandoned'])
  t.same(fixture.settled, ['a failed after 300'])
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('the time of an attempt — that waits for the client to send its body — blames no node, and goes to no other', async t => {
  const source = new PassThrough()
  source.write('a part')
  const body = new ReplayBody(source, 100, { usedBytes: 0, limitBytes: 1000 })
  const fixture = forwardWith({ body, attemptTimeoutMs: 300 })
  fixture.forward.start()
  current(fixture).connect()
  const sent = current(fixture).options.body as PassThrough
  sent.resume()
  await turn()
  fixture.clock.advance(300)
  t.same([fixture.told, fixture.settled], [['fail FST_BALANCE_TIMEOUT'], ['a aborted after 300']])
  checkOver(t, fixture)
})

test('the deadline — ends the request at its limit — whatever attempt runs', async t => {
  const fixture = forwardWith({ balance: { timeoutMs: 500 }, attemptTimeoutMs: 300 })
  fixture.forward.start()
  current(fixture).connect()
  fixture.clock.advance(300)
  current(fixture).connect()
  fixture.clock.advance(199)
  t.same(fixture.told, ['over from a'])
  fixture.clock.advance(1)
  t.same(fixture.told, ['over from a', 'fail FST_BALANCE_TIMEOUT'])
  t.same(fixture.settled, ['a failed after 300', 'b aborted after 200'])
  checkOver(t, fixture)
})

test('a failure at the deadline — is not followed by another attempt', async t => {
  const fixture = forwardWith({ balance: { timeoutMs: 500 } })
  fixture.forward.start()
  current(fixture).connect()
  fixture.clock.advance(499)
  // the failure is told in the same turn in which the timer is due
  Object.defineProperty(fixture.clock, 'now', { value: () => 1500 })
  current(fixture).fail('ECONNRESET')
  t.same(fixture.told, ['fail FST_BALANCE_UPSTREAM'])
  checkOver(t, fixture)
})

test('a response head — stops the time', async t => {
  const fixture = forwardWith({ balance: { timeoutMs: 500 } })
  fixture.forward.start()
  current(fixture).connect()
  current(fixture).respond(200)
  t.equal(fixture.clock.timers, 0)
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('an abort — settles at once, in any phase — and nothing is told any more', async t => {
  const phases: ReadonlyArray<readonly [string, (fixture: ForwardFixture) => Promise<void>, string]> = [
    ['waiting', async () => {}, 'a aborted after 0'],
    ['sent', async fixture => current(fixture).connect(), 'a aborted after 0'],
    ['in the turn of the head', async fixture => {
      current(fixture).connect()
      current(fixture).respond(200)
    }, 'a 200 after 0'],
    ['relayed', async fixture => {
      current(fixture).connect()
      current(fixture).respond(200)
      await turn()
    }, 'a 200 after 0']
  ]
  for (const [phase, play, outcome] of phases) {
    const fixture = forwardWith()
    fixture.forward.start()
    await play(fixture)
    const toldBefore = fixture.told.length
    fixture.forward.abort()
    fixture.forward.abort()
    t.same(fixture.settled, [outcome], phase)
    current(fixture).fail('UND_ERR_ABORTED')
    await turn()
    t.equal(fixture.told.length, toldBefore, phase)
    checkOver(t, fixture)
  }
})

test('what comes after the end — changes nothing', async t => {
  const fixture = forwardWith()
  fixture.forward.start()
  const [attempt] = fixture.service.unanswered
  fixture.forward.abort()
  t.equal(attempt?.head(200, {}), false)
  attempt?.failed('reset', new Error('late'))
  attempt?.ended()
  attempt?.doubt()
  t.equal(attempt?.broken(new Error('late')).message, "Service 'things' failed to answer")
  attempt?.cancelled()
  await turn()
  t.same([fixture.told, fixture.settled], [[], ['a aborted after 0']])
  checkOver(t, fixture)
})

test("a failure of the client's stream — is told as a fault of the request, and no node is to blame", async t => {
  const source = new PassThrough()
  const memory = { usedBytes: 0, limitBytes: 1000 }
  const body = new ReplayBody(source, 100, memory)
  const fixture = forwardWith({ body, method: 'PUT' })
  fixture.forward.start()
  current(fixture).connect()
  const reader = current(fixture).options.body as PassThrough
  source.write('abc')
  reader.read(0)
  await turn()
  t.equal(memory.usedBytes, 3)
  source.destroy(new Error('incorrect header check'))
  await turn()
  current(fixture).fail('ECONNRESET')
  t.same(fixture.told, ['fail FST_BALANCE_REQUEST'])
  t.same(fixture.settled, ['a aborted after 0'])
  t.equal(memory.usedBytes, 0)
  checkOver(t, fixture)
})

test('a connection that was closed while idle — the only node gets the request again, once, as its second attempt', async t => {
  const numbers: number[] = []
  const fixture = forwardWith({ ids: ['a'], watch: { started: ({ number }) => { numbers.push(number) } } })
  fixture.forward.start()
  for (const attempt of [0, 1]) {
    fixture.attempts[attempt]?.sending.carriedBy({ serve: () => 1 } as never)
    fixture.attempts[attempt]?.connect()
    fixture.attempts[attempt]?.fail('ECONNRESET')
  }
  t.equal(fixture.attempts.length, 2)
  t.same(fixture.told, ['over from a', 'fail FST_BALANCE_UPSTREAM'])
  t.same(fixture.settled, ['a aborted after 0', 'a aborted after 0'])
  t.same(numbers, [1, 2])
  t.same(fixture.nodes.map(({ inFlight }) => inFlight), [0])
})

test('a connection that was closed while idle — without budget the only node does not get the request again', async t => {
  const fixture = forwardWith({ ids: ['a'], balance: { retryBudget: { ratio: 0, perSecond: 0 } } })
  fixture.forward.start()
  fixture.attempts[0]?.sending.carriedBy({ serve: () => 1 } as never)
  current(fixture).connect()
  current(fixture).fail('ECONNRESET')
  t.same(fixture.told, ['fail FST_BALANCE_UPSTREAM'])
})
