import { test } from 'tap'
import { limited, limitMs } from '../../lib/limited.js'
import { ManualClock } from '../support/clock.js'
import { settled } from './sync/fixtures.js'

const forever = (): Promise<never> => new Promise(() => {})

/** What became of a call: `undefined` while nothing did. */
function watched (promise: Promise<unknown>): { outcome?: unknown } {
  const seen: { outcome?: unknown } = {}
  promise.then(value => { seen.outcome = value }, (error: Error) => { seen.outcome = error.message })
  return seen
}

test('what a call gives or fails with is passed on, and no timer is left', async t => {
  const clock = new ManualClock()
  t.equal(await limited(clock, 'the store', async () => 7), 7)
  await t.rejects(limited(clock, 'the store', async () => { throw new Error('no') }), { message: 'no' })
  await t.rejects(limited(clock, 'the store', () => { throw new Error('at once') }), { message: 'at once' })
  t.equal(clock.timers, 0)
})

test('whatever a call fails with becomes an error', async t => {
  for (const [what, message] of [[null, 'null'], [undefined, 'undefined'], ['gone', 'gone']] as const) await t.rejects(limited(new ManualClock(), 'the store', () => Promise.reject(what)), { message: `the store failed with ${message}` })
})

test('a call that hangs is given up after 500 ms, when the sockets have been read once more', async t => {
  const clock = new ManualClock()
  const seen = watched(limited(clock, 'the store', forever))
  clock.advance(limitMs)
  await settled()
  t.notOk('outcome' in seen)
  clock.advance(1)
  await settled()
  t.equal(seen.outcome, 'the store did not answer within 500 ms')
  t.equal(clock.timers, 0)
})

test('an answer that waited in the socket during a pause counts', async t => {
  const clock = new ManualClock()
  let answer = (_value: string): void => {}
  const seen = watched(limited(clock, 'the store', () => new Promise<string>(resolve => { answer = resolve })))
  clock.stall(30_000)
  clock.advance(0)
  answer('late')
  await settled()
  t.equal(seen.outcome, 'late')
  t.equal(clock.timers, 0)
})
