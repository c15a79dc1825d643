import { test } from 'tap'
import { Queue } from '../../../lib/proxy/queue.js'
import { ManualClock } from '../../support/clock.js'

interface QueueFixture {
  readonly queue: Queue
  readonly clock: ManualClock
  /** What happened to those who wait: `a proceeds`, `a expires`. */
  readonly told: string[]
  /** Lets one join, who leaves the queue when there is a place; gives what leaves the queue. */
  readonly join: (id: string, timeoutMs?: number) => (() => void) | null
  readonly places: { free: number }
}

function queueOf (size: number): QueueFixture {
  const clock = new ManualClock()
  const queue = new Queue(size, clock)
  const told: string[] = []
  const places = { free: 0 }
  const join: QueueFixture['join'] = (id, timeoutMs = 1000) => {
    const leave = queue.join({
      proceed () {
        told.push(`${id} proceeds`)
        places.free--
        leave?.()
      },
      expired: () => { told.push(`${id} expires`) }
    }, timeoutMs)
    return leave
  }
  return { queue, clock, told, join, places }
}

const advance = ({ queue, places }: QueueFixture, free: number): void => {
  places.free = free
  queue.advance(() => places.free > 0)
}

test('those who wait go on in the order in which they came', async t => {
  const fixture = queueOf(10)
  for (const id of ['a', 'b', 'c']) fixture.join(id)
  advance(fixture, 2)
  t.same(fixture.told, ['a proceeds', 'b proceeds'])
  advance(fixture, 5)
  t.same(fixture.told.slice(2), ['c proceeds'])
  t.same([fixture.queue.length, fixture.clock.timers], [0, 0])
})

test('nobody goes on while there is nothing to go to', async t => {
  const fixture = queueOf(10)
  fixture.join('a')
  advance(fixture, 0)
  t.same(fixture.told, [])
  t.equal(fixture.queue.length, 1)
})

test('a full queue lets nobody join — until somebody has left it', async t => {
  const { queue, join } = queueOf(2)
  const leave = join('a')
  join('b')
  t.equal(join('c'), null)
  t.equal(queue.length, 2)
  leave?.()
  t.type(join('c'), 'function')
})

test('a queue of size 0 lets nobody join', async t => {
  const { clock, join } = queueOf(0)
  t.equal(join('a'), null)
  t.equal(clock.timers, 0)
})

test('who has waited for his time expires — t-1, t — and is out of the queue', async t => {
  const { queue, clock, told, join } = queueOf(10)
  join('a', 1000)
  join('b', 1001)
  clock.advance(999)
  t.same(told, [])
  clock.advance(1)
  t.same(told, ['a expires'])
  t.equal(queue.length, 1)
})

test('who leaves neither goes on nor expires — also when he leaves twice', async t => {
  const fixture = queueOf(10)
  const leave = fixture.join('a')
  fixture.join('b')
  leave?.()
  leave?.()
  advance(fixture, 5)
  fixture.clock.advance(10_000)
  t.same(fixture.told, ['b proceeds'])
  t.equal(fixture.clock.timers, 0)
})

test('one who finds nothing for himself stays — and those behind him go on', async t => {
  const clock = new ManualClock()
  const queue = new Queue(10, clock)
  const told: string[] = []
  queue.join({ proceed: () => { told.push('picky') }, expired () {} }, 1000)
  const leave = queue.join({
    proceed () {
      told.push('easy')
      leave?.()
    },
    expired () {}
  }, 1000)
  queue.advance(() => true)
  t.same(told, ['picky', 'easy'])
  t.equal(queue.length, 1)
})

test('who is made to leave while others go on is passed over', async t => {
  const fixture = queueOf(10)
  let leaveB: (() => void) | null = null
  fixture.queue.join({
    proceed () {
      fixture.told.push('a proceeds')
      leaveB?.()
    },
    expired () {}
  }, 1000)
  leaveB = fixture.join('b')
  advance(fixture, 2)
  t.same(fixture.told, ['a proceeds'])
})
