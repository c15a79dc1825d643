import { test } from 'tap'
import { Outbox } from '../../../lib/sync/outbox.js'
import { ManualClock } from '../../support/clock.js'
import { promised, settled } from './fixtures.js'

interface Call { readonly value: string, readonly keep: () => void, readonly fail: (error: Error) => void }

/** An outbox whose calls end by hand. */
function outboxWith ({ limit, isOpen = true }: { limit?: number, isOpen?: boolean } = {}) {
  const calls: Call[] = []
  const failures: string[] = []
  const clock = new ManualClock()
  const outbox = new Outbox<string>(value => {
    const { promise, keep, fail } = promised<undefined>()
    calls.push({ value, keep: () => keep(undefined), fail })
    return promise
  }, error => failures.push(`${error.message}, working: ${outbox.isWorking}`), clock, limit)
  if (isOpen) outbox.open()
  return { outbox, clock, failures, calls, sent: () => calls.map(({ value }) => value) }
}

test('nothing is written before it is open, and then all, in the order it came', async t => {
  const { outbox, sent } = outboxWith({ isOpen: false })
  outbox.add('a', 'a1')
  outbox.add('b', 'b1')
  t.same(sent(), [])
  t.notOk(outbox.isWorking)
  outbox.open()
  t.same(sent(), ['a1', 'b1'])
  t.ok(outbox.isWorking)
})

test('of each key the newest alone waits, and one call at a time is under way', async t => {
  const { outbox, calls, sent } = outboxWith()
  for (const value of ['a1', 'a2', 'a3']) outbox.add('a', value)
  outbox.add('b', 'b1')
  t.same(sent(), ['a1', 'b1'])
  calls[0]?.keep()
  await settled()
  t.same(sent(), ['a1', 'b1', 'a3'])
})

test('32 calls at most are under way', async t => {
  const { outbox, calls } = outboxWith()
  for (let index = 0; index < 100; index++) outbox.add(`${index}`, `${index}`)
  t.equal(calls.length, 32)
  calls[7]?.keep()
  await settled()
  t.equal(calls.length, 33)
})

test('a call that fails shuts it; what failed is written again when it is open, unless something newer came', async t => {
  const { outbox, calls, failures, sent } = outboxWith()
  outbox.add('a', 'a1')
  outbox.add('b', 'b1')
  outbox.add('b', 'b2')
  calls[0]?.fail(new Error('no'))
  calls[1]?.fail(new Error('no'))
  await settled()
  t.same(failures, ['no, working: false', 'no, working: false'])
  outbox.add('c', 'c1')
  t.equal(calls.length, 2, 'it is shut')
  outbox.open()
  t.same(sent().slice(2).sort(), ['a1', 'b2', 'c1'])
})

test('it works again when all that had failed has arrived, not before — as hints may open it while they are under way', async t => {
  const { outbox, calls } = outboxWith()
  outbox.add('a', 'a1')
  outbox.add('b', 'b1')
  calls[0]?.fail(new Error('no'))
  calls[1]?.keep()
  await settled()
  t.notOk(outbox.isWorking, 'what arrived meanwhile does not hide it')
  outbox.open()
  outbox.open()
  t.notOk(outbox.isWorking, 'nothing waits, and nothing has arrived')
  calls[2]?.keep()
  await settled()
  t.ok(outbox.isWorking)
})

test('beyond its limit the oldest is given up', async t => {
  const { outbox, sent } = outboxWith({ limit: 2, isOpen: false })
  for (const key of ['a', 'b', 'a', 'c']) outbox.add(key, `${key} of ${key}`)
  outbox.open()
  t.same(sent(), ['a of a', 'c of c'], 'the age of a key counts from its newest value')
})

test('what is given up is no trouble any more', async t => {
  const { outbox, calls } = outboxWith({ limit: 1 })
  outbox.add('a', 'a1')
  calls[0]?.fail(new Error('no'))
  await settled()
  outbox.add('b', 'b1')
  outbox.open()
  calls[1]?.keep()
  await settled()
  t.ok(outbox.isWorking)
})

test('its end comes when all is written, and it takes nothing more', async t => {
  const { outbox, calls, sent } = outboxWith()
  let hasEnded = false
  outbox.add('a', 'a1')
  outbox.add('a', 'a2')
  outbox.end().then(() => { hasEnded = true })
  outbox.add('b', 'b1')
  calls[0]?.keep()
  await settled()
  t.notOk(hasEnded)
  calls[1]?.keep()
  await settled()
  t.ok(hasEnded)
  t.same(sent(), ['a1', 'a2'])
})

test('its end does not wait for what cannot be written', async t => {
  const { outbox, calls } = outboxWith()
  outbox.add('a', 'a1')
  outbox.add('a', 'a2')
  const end = outbox.end()
  calls[0]?.fail(new Error('no'))
  await end
  t.equal(calls.length, 1)
  await outboxWith({ isOpen: false }).outbox.end()
})

test('what is not urgent waits 50 ms for others, and goes with what is', async t => {
  const { outbox, clock, sent } = outboxWith()
  outbox.add('a', 'a1', false)
  clock.advance(30)
  outbox.add('b', 'b1', false)
  t.same(sent(), [])
  clock.advance(20)
  t.same(sent(), ['a1', 'b1'])
  outbox.add('c', 'c1', false)
  outbox.add('d', 'd1')
  t.same(sent(), ['a1', 'b1', 'c1', 'd1'])
  outbox.add('e', 'e1', false)
  outbox.end()
  t.same(sent().at(-1), 'e1', 'at the end nothing waits')
  t.equal(clock.timers, 0)
})
