import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Link } from '../../../../lib/stores/redis/link.js'
import { ManualClock } from '../../../support/clock.js'
import { fakeDriver, script } from './fixtures.js'

const input = { keys: [], values: [] }
const linkWith = () => {
  const { driver, made } = fakeDriver()
  const clock = new ManualClock()
  const link = new Link({ driver, clock, random: () => 1 })
  return { clock, made, link, run: () => link.run(script, input) }
}

t.test('a connection is made by the first call, and used by all', async t => {
  const { made, run } = linkWith()
  t.equal(made.length, 0)
  const answers = Promise.all([run(), run()])
  t.equal(made.length, 1)
  made[0]?.calls[0]?.resolve()
  await turn()
  made[0]?.calls[1]?.resolve('one')
  made[0]?.calls[2]?.resolve('two')
  t.same(await answers, ['one', 'two'])
})

t.test('a call that is not answered in time rejects, and its connection is dropped', async t => {
  const { clock, made, run } = linkWith()
  const first = run()
  made[0]?.calls[0]?.resolve()
  await turn()
  clock.advance(500)
  t.equal(made[0]?.ends, 0, 'an answer may be waiting while timers run')
  clock.advance(1)
  await t.rejects(first, /did not answer within 500 ms/)
  await turn()
  t.equal(made[0]?.ends, 1)
  run().catch(() => {})
  t.equal(made.length, 2)
  t.equal(clock.timers, 2)
})

t.test('a connection that comes after it was given up is ended again', async t => {
  const { clock, made, run } = linkWith()
  const call = run()
  clock.advance(501)
  await t.rejects(call, /within 500 ms/)
  t.equal(made[0]?.ends, 1)
  made[0]?.calls[0]?.resolve()
  await turn()
  t.equal(made[0]?.ends, 2)
})

t.test('while Redis is away, attempts become rarer, up to one a second, and calls between them reject at once', async t => {
  const { clock, made, run } = linkWith()
  const attempts: number[] = []
  for (let ms = 0; ms < 5000; ms += 10) {
    const before = made.length
    const call = run()
    if (made.length > before) attempts.push(ms)
    made[before]?.calls[0]?.reject(new Error('refused'))
    await t.rejects(call)
    clock.advance(10)
  }
  t.same(attempts.map((ms, index) => ms - (attempts[index - 1] ?? 0)), [0, 50, 100, 200, 400, 800, 1000, 1000, 1000])
  await t.rejects(run(), { message: 'Redis cannot be used', cause: { message: 'refused' } })
})

t.test('connections that are made and lost again become rarer, until one proves itself', async t => {
  const { clock, made, run } = linkWith()
  const use = async (): Promise<void> => {
    const call = run().catch(() => {})
    made.at(-1)?.calls[0]?.resolve()
    await turn()
    made.at(-1)?.calls.at(-1)?.resolve()
    await call
  }
  for (let ms = 0; ms < 5000; ms += 10) {
    await use()
    made.at(-1)?.lost(new Error('lost'))
    clock.advance(10)
  }
  t.ok(made.length < 12, `${made.length} connections in 5 s`)
  clock.advance(1000)
  await use()
  clock.advance(1001)
  await use()
  const before = made.length
  made.at(-1)?.lost(new Error('lost'))
  await use()
  t.equal(made.length, before + 1, 'at once')
})

t.test('an answer that is an error leaves the connection, unless Redis is the wrong one', async t => {
  const cases: ReadonlyArray<readonly [message: string, isLeft: boolean]> = [
    ["OOM command not allowed when used memory > 'maxmemory'.", true],
    ['NOPERM this user has no permissions', true],
    ["READONLY You can't write against a read only replica.", false],
    ['ERR Error running script: @user_script: 1: -READONLY You can not write against a read only replica.', false],
    ['LOADING Redis is loading the dataset in memory', false],
    ['Connection is closed.', false],
    ['Socket closed unexpectedly', false]
  ]
  for (const [message, isLeft] of cases) {
    const { made, run } = linkWith()
    const call = run()
    made[0]?.calls[0]?.resolve()
    await turn()
    made[0]?.calls[1]?.reject(new Error(message))
    await t.rejects(call, { message })
    await turn()
    t.equal(made[0]?.ends, isLeft ? 0 : 1, message)
  }
})

t.test('closing ends the connection, also one that is being made, and calls reject', async t => {
  const { made, link, run } = linkWith()
  const call = run()
  const closed = link.close()
  made[0]?.calls[0]?.resolve()
  await closed
  t.equal(made[0]?.ends, 1)
  made[0]?.calls[1]?.reject(new Error('ended'))
  await t.rejects(call)
  await t.rejects(run(), /closed/)
  t.equal(made.length, 1)
})
