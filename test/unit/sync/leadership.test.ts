import { test } from 'tap'
import { Leadership } from '../../../lib/sync/leadership.js'
import { ManualClock } from '../../support/clock.js'
import { SharedMemory } from '../../support/shared-memory.js'
import { pass, promised, settled, storeWith } from './fixtures.js'
import type { RegistryStore } from '../../../types/index.js'

type Told = Array<number | null>

/** A gateway that leads or does not; started. */
function candidateOn (store: RegistryStore, { id = 'a', isFit = () => true, clock = new ManualClock() }: { id?: string, isFit?: () => boolean, clock?: ManualClock } = {}) {
  const told: Told = []
  const failures: unknown[] = []
  const leadership = new Leadership({ id, store, clock, isFit, failed: error => failures.push(error) })
  leadership.onLeader(token => told.push(token))
  leadership.start()
  return { leadership, clock, told, failures }
}

/** Two gateways on one memory, the first of which leads. */
async function pairWith (given: { isFit?: () => boolean } = {}) {
  const time = new ManualClock()
  const memory = new SharedMemory(time)
  const one = candidateOn(memory.open(), { id: 'one', ...given })
  await settled()
  const other = candidateOn(memory.open(), { id: 'other' })
  await settled()
  return { memory, time, one, other, pass: (ms: number, clocks = [time, one.clock, other.clock]) => pass(clocks, ms) }
}

test('one leads, and stays the leader', async t => {
  const { one, other, pass } = await pairWith()
  t.same([one.leadership.isLeader, other.leadership.isLeader], [true, false])
  await pass(60_000)
  t.same([one.leadership.isLeader, other.leadership.isLeader], [true, false])
  t.same([one.told, other.told], [[1], []])
})

test('a leader that ends gives the lead away, and its successor has a higher token', async t => {
  const { one, other, pass } = await pairWith()
  await Promise.all([one.leadership.stop(), one.leadership.stop()])
  t.same([one.told, one.leadership.isLeader, one.clock.timers], [[1, null], false, 0])
  await pass(1000)
  t.same(other.told, [2])
})

test('a leader that is cut off ceases to lead before the lease is another\'s', async t => {
  const time = new ManualClock()
  const memory = new SharedMemory(time)
  const store = memory.open()
  let isCut = false
  const one = candidateOn({ ...store, lease: (...given) => isCut ? new Promise(() => {}) : store.lease?.(...given) ?? Promise.resolve(undefined) }, { id: 'one' })
  const other = candidateOn(memory.open(), { id: 'other' })
  await pass([time, one.clock, other.clock], 3000)
  isCut = true
  const leaders: number[] = []
  for (let ms = 0; ms < 8000; ms += 50) {
    await pass([time, one.clock, other.clock], 50)
    leaders.push([one, other].filter(({ leadership }) => leadership.isLeader).length)
  }
  t.equal(Math.max(...leaders), 1, 'never two')
  t.equal(leaders.indexOf(0), (4000 - 50) / 50, 'it trusts its lease for 4 s after it asked for it')
  t.same([one.told, other.told], [[1, null], [2]])
  t.ok(one.leadership.wasLast)
  isCut = false
  await pass([time, one.clock, other.clock], 1000)
  t.notOk(one.leadership.wasLast, 'now it knows')
})

test('a lease counts from when it was asked for, not from when the answer came', async t => {
  const { promise, keep } = promised<{ token: number }>()
  const calls: number[] = []
  const { leadership, clock } = candidateOn(storeWith({ lease: () => calls.push(1) === 1 ? promise : new Promise(() => {}) }))
  clock.advance(400)
  keep({ token: 7 })
  await settled()
  t.ok(leadership.isLeader)
  await pass([clock], 3599, 1000)
  t.ok(leadership.isLeader)
  clock.advance(1)
  t.notOk(leadership.isLeader)
})

test('a leader that stood still does not lead when it wakes up, and learns it first of all', async t => {
  const { one, other, pass, time } = await pairWith()
  one.clock.stall(20_000)
  await pass(20_000, [time, other.clock])
  t.same([one.leadership.isLeader, other.leadership.isLeader], [false, true])
  one.clock.advance(0)
  t.same(one.told, [1, null])
  await pass(3000)
  t.same([one.told, other.told], [[1, null], [2]])
  t.notOk(one.leadership.wasLast)
})

test('who begins to listen to a leader that stood still is not told that it leads', async t => {
  const { one } = await pairWith()
  one.clock.stall(20_000)
  const told: Told = []
  one.leadership.onLeader(token => told.push(token))
  t.same([told, one.told], [[], [1, null]])
})

test('a gateway that is not fit gives the lead away, and may have it again', async t => {
  let isFit = true
  const { one, other, pass } = await pairWith({ isFit: () => isFit })
  isFit = false
  await pass(2000)
  t.same([one.leadership.isLeader, other.leadership.isLeader, one.leadership.wasLast], [false, true, false])
  isFit = true
  await other.leadership.stop()
  await pass(1000)
  t.same([one.told, other.told], [[1, null, 3], [2, null]])
})

test('a store that has lost everything: the token grows, and one leads', async t => {
  const { memory, one, other, pass } = await pairWith()
  memory.clear()
  await pass(10_000)
  t.equal([one, other].filter(({ leadership }) => leadership.isLeader).length, 1)
  const tokens = [...one.told, ...other.told].filter(token => token !== null)
  t.same(tokens, [1, 2])
})

test('a store that is away for less than 4 s changes nothing', async t => {
  for (const state of ['down', 'hangs', 'read-only'] as const) {
    const { memory, one, other, pass } = await pairWith()
    memory.state = state
    await pass(2500)
    memory.state = 'up'
    await pass(5000)
    t.same([one.told, other.told, one.leadership.isLeader], [[1], [], true], state)
  }
})

test('with a store without leases nobody leads', async t => {
  const { leadership, told, clock } = candidateOn(storeWith())
  await pass([clock], 3000)
  t.same([leadership.isLeader, leadership.wasLast, told, clock.timers], [false, false, [], 0])
  await leadership.stop()
})

test('a store whose leases cannot be released, and one whose token is none', async t => {
  const { leadership, told } = candidateOn(storeWith({ lease: async () => ({ token: 3 }) }))
  await settled()
  await leadership.stop()
  t.same(told, [3, null])
  const odd = candidateOn(storeWith({ lease: async () => ({ token: NaN }) }))
  await pass([odd.clock], 3000)
  t.same([odd.told, odd.leadership.isLeader], [[], false])
})

test('who has ended does not begin again, and tells nobody of a lease that comes late', async t => {
  const { promise, keep } = promised<{ token: number }>()
  const released: string[] = []
  const { leadership, told, clock } = candidateOn(storeWith({ lease: () => promise, release: async (_name, owner) => { released.push(owner) } }))
  const stopped = leadership.stop()
  keep({ token: 7 })
  await stopped
  leadership.start()
  await settled()
  t.same([told, released, leadership.isLeader, clock.timers], [[], ['a'], false, 0])
})

test('a listener is told at once that this gateway leads, each time it was given, until it is taken away', async t => {
  const { one } = await pairWith()
  const told: Told = []
  const listener = (token: number | null): void => { told.push(token) }
  const end = one.leadership.onLeader(listener)
  one.leadership.onLeader(listener)
  t.same(told, [1, 1])
  end()
  end()
  await one.leadership.stop()
  t.same(told, [1, 1, null])
})

test('a listener that throws, now or later, stops nothing', async t => {
  const { leadership, failures } = candidateOn(new SharedMemory(new ManualClock()).open())
  leadership.onLeader(() => { throw new Error('now') })
  leadership.onLeader(async () => { throw new Error('later') })
  const told: Told = []
  leadership.onLeader(token => told.push(token))
  await settled()
  t.same(told, [1])
  t.match(failures, [{ message: 'now' }, { message: 'later' }])
})

test('a listener that is taken away by another is not told any more', async t => {
  const { leadership } = candidateOn(new SharedMemory(new ManualClock()).open())
  const told: Told = []
  leadership.onLeader(() => end())
  const end = leadership.onLeader(token => told.push(token))
  await settled()
  t.same(told, [])
})
