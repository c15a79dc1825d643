import { test } from 'tap'
import { answerMs, rememberedLookup, systemLookup } from '../../../lib/heartbeat/lookup.js'
import { ManualClock } from './fixtures.js'

/** A lookup that answers 1, 2, 3, … and fails while told to. */
function countingLookup () {
  const asked: string[] = []
  const state = { failing: false }
  const ask = async (hostname: string): Promise<readonly string[]> => {
    asked.push(hostname)
    if (state.failing) throw new Error('EAI_AGAIN')
    return [`10.0.0.${asked.length}`]
  }
  return { ask, asked, state }
}

test('an answer serves for 30 seconds, not longer', async t => {
  const clock = new ManualClock()
  const { ask, asked } = countingLookup()
  const lookup = rememberedLookup(ask, clock)
  t.same(await Promise.all([lookup('a'), lookup('a')]), [['10.0.0.1'], ['10.0.0.1']])
  clock.advance(answerMs - 1)
  t.same(await lookup('a'), ['10.0.0.1'])
  clock.advance(1)
  t.same(await lookup('a'), ['10.0.0.2'])
  t.same(await lookup('b'), ['10.0.0.3'])
  t.same(asked, ['a', 'a', 'b'])
})

test('the last answer serves for as long as asking fails', async t => {
  const clock = new ManualClock()
  const { ask, state } = countingLookup()
  const lookup = rememberedLookup(ask, clock)
  await lookup('a')
  state.failing = true
  for (let count = 0; count < 3; count++) {
    clock.advance(answerMs)
    t.same(await lookup('a'), ['10.0.0.1'])
  }
  state.failing = false
  clock.advance(answerMs)
  t.same(await lookup('a'), ['10.0.0.5'])
})

test('a failure is not remembered', async t => {
  const { ask, state } = countingLookup()
  const lookup = rememberedLookup(ask, new ManualClock())
  state.failing = true
  await t.rejects(lookup('a'), { message: 'EAI_AGAIN' })
  state.failing = false
  t.same(await lookup('a'), ['10.0.0.2'])
})

test('no more than 1000 names are remembered, and the oldest gives way', async t => {
  const { ask, asked } = countingLookup()
  const lookup = rememberedLookup(ask, new ManualClock())
  for (let count = 0; count <= 1000; count++) await lookup(`n${count}`)
  await lookup('n1000')
  await lookup('n1')
  t.equal(asked.length, 1001)
  await lookup('n0')
  t.equal(asked.length, 1002)
})

test('the system knows localhost', async t => {
  for (const address of await systemLookup('localhost')) t.match(address, /^(?:127\.|::1$)/)
})
