import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Hints } from '../../../../lib/stores/redis/hints.js'
import { ManualClock } from '../../../support/clock.js'
import { fakeDriver } from './fixtures.js'

const hintsWith = () => {
  const { driver, made } = fakeDriver()
  const clock = new ManualClock()
  const hints = new Hints('channel', { driver, clock, random: () => 1 })
  /** The last connection connects and subscribes. */
  const subscribed = async (): Promise<void> => {
    made.at(-1)?.calls[0]?.resolve()
    await turn()
    made.at(-1)?.calls[1]?.resolve()
    await turn()
  }
  return { clock, made, hints, subscribed }
}

t.test('it listens while somebody wants to know', async t => {
  const { made, hints, subscribed, clock } = hintsWith()
  let [one, other] = [0, 0]
  const listener = (): void => { one++ }
  const endOne = hints.listen(listener)
  const endAgain = hints.listen(listener)
  const endOther = hints.listen(() => { other++ })
  t.equal(made.length, 1)
  await subscribed()
  t.same([one, other], [2, 1], 'there may have been one before')
  made[0]?.hear('1')
  t.same([one, other], [4, 2])
  endOne()
  endOne()
  made[0]?.hear('2')
  t.same([one, other], [5, 3])
  endAgain()
  endOther()
  await turn()
  t.equal(made[0]?.ends, 1)
  made[0]?.lost(new Error('ended'))
  t.equal(clock.timers, 0)
  hints.listen(listener)
  t.equal(made.length, 2)
})

t.test('a lost connection is made again, each time a bit later', async t => {
  const { made, hints, clock } = hintsWith()
  hints.listen(() => {})
  const attempts: number[] = []
  for (let ms = 0; ms < 5000; ms += 10) {
    if (made.length > attempts.length) {
      attempts.push(ms)
      made.at(-1)?.calls[0]?.reject(new Error('refused'))
      await turn()
    }
    clock.advance(10)
  }
  t.same(attempts.map((ms, index) => ms - (attempts[index - 1] ?? 0)), [0, 50, 100, 200, 400, 800, 1000, 1000, 1000])
  await hints.close()
  t.equal(clock.timers, 0)
})

t.test('a subscription that is not answered or refused is given up', async t => {
  const { made, hints, clock } = hintsWith()
  hints.listen(() => {})
  made[0]?.calls[0]?.resolve()
  await turn()
  clock.advance(501)
  await turn()
  t.equal(made[0]?.ends, 1)
  clock.advance(50)
  t.equal(made.length, 2)
})

t.test('a connection that does not hear what was sent is made again', async t => {
  const { made, hints, subscribed, clock } = hintsWith()
  hints.listen(() => {})
  hints.sent('a', 5)
  await subscribed()
  hints.sent('a', 7)
  hints.sent('a', 7)
  clock.advance(5000)
  hints.sent('a', 8)
  hints.sent('a', 8)
  clock.advance(999)
  hints.sent('a', 9)
  t.equal(made[0]?.ends, 0, 'it may be under way')
  made[0]?.hear('8')
  clock.advance(1000)
  hints.sent('a', 9)
  t.equal(made[0]?.ends, 0, 'it came')
  hints.sent('a', 9)
  clock.advance(1000)
  hints.sent('a', 9)
  await turn()
  t.equal(made[0]?.ends, 1, 'the ninth has not come')
  clock.advance(50)
  t.equal(made.length, 2)
})

t.test('the hints of another source are counted anew', async t => {
  const { made, hints, subscribed, clock } = hintsWith()
  hints.listen(() => {})
  await subscribed()
  made[0]?.hear('40')
  hints.sent('a', 40)
  hints.sent('b', 2)
  clock.advance(2000)
  hints.sent('b', 2)
  made[0]?.hear('3')
  hints.sent('b', 3)
  clock.advance(2000)
  hints.sent('b', 3)
  t.equal(made[0]?.ends, 0)
  hints.sent('b', 4)
  clock.advance(2000)
  hints.sent('b', 4)
  await turn()
  t.equal(made[0]?.ends, 1)
})
