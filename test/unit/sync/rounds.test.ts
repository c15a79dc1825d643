import { test } from 'tap'
import { Rounds } from '../../../lib/sync/rounds.js'
import { ManualClock } from '../../support/clock.js'
import { pass, promised, settled } from './fixtures.js'

/** Rounds that have begun, and how often the task was done. */
async function roundsWith (task: () => Promise<void> = async () => {}) {
  const clock = new ManualClock()
  let done = 0
  const count = async (): Promise<void> => {
    done++
    await task()
  }
  const rounds = new Rounds(count, clock, () => 0.5)
  await rounds.start(async () => {})
  return { rounds, clock, done: () => done }
}

test('a round comes every second, and soon after a hint', async t => {
  const { rounds, clock, done } = await roundsWith()
  await pass([clock], 999, 1)
  t.equal(done(), 0)
  await pass([clock], 1, 1)
  t.equal(done(), 1)
  rounds.hint()
  rounds.hint()
  await pass([clock], 5, 1)
  t.equal(done(), 2, 'one round answers many hints')
  await pass([clock], 999, 1)
  t.equal(done(), 2)
})

test('a hint that comes during a round is answered by another one', async t => {
  const { promise, keep } = promised<undefined>()
  const { rounds, clock, done } = await roundsWith(() => promise)
  await pass([clock], 1000)
  rounds.hint()
  await pass([clock], 1000)
  t.equal(done(), 1)
  keep(undefined)
  await settled()
  await pass([clock], 5, 1)
  t.equal(done(), 2)
})

test('the end waits for the round that is under way, and no other follows', async t => {
  const { promise, keep } = promised<undefined>()
  const { rounds, clock, done } = await roundsWith(() => promise)
  await pass([clock], 1000)
  let hasEnded = false
  const stopped = rounds.stop().then(() => { hasEnded = true })
  await settled()
  t.notOk(hasEnded)
  keep(undefined)
  await stopped
  rounds.hint()
  await pass([clock], 3000)
  t.same([done(), clock.timers], [1, 0])
})
