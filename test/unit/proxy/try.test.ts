import { test } from 'tap'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { Roster } from '../../../lib/proxy/roster.js'
import { Try } from '../../../lib/proxy/try.js'
import { ManualClock } from '../../support/clock.js'
import { nodeWith } from './fixtures.js'
import type { Node, Outcome } from '../../../types/index.js'
import type { TryOwner } from '../../../lib/proxy/try.js'

const limits = { connectTimeoutMs: 100, attemptTimeoutMs: 300, deadline: 2000 }
const response: Outcome = { kind: 'response', statusCode: 200, latencyMs: 7 }
const answer = { statusCode: 200, headers: {}, outcome: response }

interface TryFixture {
  readonly one: Try
  readonly clock: ManualClock
  readonly node: Node
  readonly unanswered: Roster<Try>
  /** What the owner was told. */
  readonly told: string[]
  /** How the attempt was settled. */
  readonly settled: Outcome[]
}

/** A try that began at 1000. `owner`: what the owner does instead of noting. */
function tryWith (owner: Partial<TryOwner> = {}): TryFixture {
  const [told, settled, unanswered] = [[] as string[], [] as Outcome[], new Roster<Try>()]
  const clock = new ManualClock({ now: 1000 })
  const node = nodeWith('a')
  const attempt = new RunningAttempt(node, 1, 1000, [{ settled: (_attempt, outcome) => settled.push(outcome) }])
  const one = new Try(attempt, {
    answered: (_from, statusCode) => told.push(`answered ${statusCode}`) > 0,
    failed: (_from, failure, error) => told.push(`failed ${failure}: ${error.message}`),
    ended: () => told.push('ended'),
    broken: (_from, error) => told.push(`broken: ${error.message}`),
    doubted: () => told.push('doubted'),
    abort: () => told.push('abort'),
    crash: error => told.push(`crash: ${String(error)}`),
    ...owner
  }, unanswered)
  return { one, clock, node, unanswered, told, settled }
}

test('a try waits for a response head from its beginning until it is here', async t => {
  const { one, unanswered, node, settled } = tryWith()
  t.same([...unanswered], [one])
  one.respond(response)
  t.same([...unanswered], [])
  t.same([node.inFlight, settled], [1, []], 'and is in flight until its body has ended')
  one.settle(response)
  t.same([node.inFlight, settled], [0, [response]])
})

test('a try that is settled without a response head waits no more', async t => {
  const { one, unanswered, clock } = tryWith()
  one.watch(limits, clock)
  one.settle({ kind: 'aborted', elapsedMs: 1 })
  t.same([unanswered.length, clock.timers], [0, 0])
})

test('a response head stops the time', async t => {
  const { one, clock, told } = tryWith()
  one.watch(limits, clock)
  one.respond(response)
  t.equal(clock.timers, 0)
  clock.advance(10_000)
  t.same(told, [])
})

test('the limits come in turn, with one timer — the time to connect, of the attempt, the deadline', async t => {
  const unconnected = tryWith()
  unconnected.one.watch(limits, unconnected.clock)
  unconnected.clock.advance(99)
  t.same(unconnected.told, [])
  t.equal(unconnected.clock.timers, 1)
  unconnected.clock.advance(1)
  t.same(unconnected.told, ['failed connect: no response head after 100 ms'])

  const connected = tryWith()
  connected.one.watch(limits, connected.clock)
  connected.one.sending.onRequestStart({ abort () {}, pause () {}, resume () {} } as never)
  connected.clock.advance(299)
  t.same(connected.told, [])
  connected.clock.advance(1)
  t.same(connected.told, ['failed timeout: no response head after 300 ms'])
  t.equal(connected.clock.timers, 0)

  const late = tryWith()
  late.one.watch({ ...limits, deadline: 1050 }, late.clock)
  late.clock.advance(50)
  t.same(late.told, ['failed deadline: no response head after 50 ms'])
})

test('a try that is dropped is aborted at its age — or has answered, if its response head was here', async t => {
  const waiting = tryWith()
  waiting.one.drop(40)
  waiting.one.drop(50)
  t.same(waiting.settled, [{ kind: 'aborted', elapsedMs: 40 }])
  const answered = tryWith()
  answered.one.answer = answer
  answered.one.drop(40)
  t.same(answered.settled, [response])
})

test('a try that is dropped is cut off, and tells nothing more', async t => {
  const { one, told } = tryWith()
  const aborts: string[] = []
  one.sending.onRequestStart({ abort: (error: Error) => aborts.push(error.message), pause () {}, resume () {} } as never)
  one.drop(1)
  one.sending.onResponseError(null, new Error('aborted'))
  t.same([aborts, told], [['abandoned'], []])
})

test('its owner is told of everything that becomes of it', async t => {
  const { one, told } = tryWith()
  t.equal(one.head(200, {}), true)
  one.failed('reset', new Error('gone'))
  one.ended()
  one.doubt()
  one.cancelled()
  t.equal(one.broken(new Error('half')).message, "Service 'things' failed to answer")
  t.same(told, ['answered 200', 'failed reset: gone', 'ended', 'doubted', 'abort', 'broken: half'])
})

test('what its owner throws is given to `crash`, and goes no further', async t => {
  const mistake = (): never => { throw new TypeError('a mistake') }
  const { one, told } = tryWith({ answered: mistake, failed: mistake, ended: mistake, broken: mistake, doubted: mistake, abort: mistake })
  t.equal(one.head(200, {}), false, 'the response is not wanted')
  one.failed('reset', new Error('gone'))
  one.ended()
  one.doubt()
  one.cancelled()
  t.type(one.broken(new Error('half')), Error)
  t.same(told, Array(6).fill('crash: TypeError: a mistake'))
})
