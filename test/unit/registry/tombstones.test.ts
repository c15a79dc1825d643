import { test } from 'tap'
import { Tombstones } from '../../../lib/registry/tombstones.js'

const uncounted = { incarnation: null, seq: null }
const rememberedMs = 600_000

test('a goodbye is remembered for ten minutes — t-1, t', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: 10 }, 1000)
  t.same(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, 1000 + rememberedMs - 1), { order: 'seen', incarnation: 5 })
  t.same(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, 1000 + rememberedMs), { order: 'newer', incarnation: null })
})

test('a message is compared with the goodbye of its own id', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: 10 }, 0)
  const rows = [
    [{ incarnation: 5, seq: 10 }, 'seen'], [{ incarnation: 5, seq: 11 }, 'newer'], [{ incarnation: 4, seq: 99 }, 'older'], [{ incarnation: 6, seq: 0 }, 'restarted'],
    [{ incarnation: 5, seq: null }, 'seen'], [uncounted, 'newer'], [{ incarnation: null, seq: 3 }, 'newer']
  ] as const
  for (const [message, order] of rows) t.same(tombstones.orderOf('a', message, 0), { order, incarnation: 5 }, JSON.stringify(message))
  t.same(tombstones.orderOf('b', { incarnation: 1, seq: 1 }, 0), { order: 'newer', incarnation: null })
})

test('a process that did not count its goodbye has left — whatever it counted before', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: null }, 0)
  t.equal(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, 0).order, 'seen')
  t.equal(tombstones.orderOf('a', { incarnation: 6, seq: 0 }, 0).order, 'restarted')
})

test('a second goodbye that counts nothing does not undo the first — and prolongs it', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: 10 }, 0)
  tombstones.add('a', uncounted, 1000)
  t.same(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, rememberedMs + 999), { order: 'seen', incarnation: 5 })
})

test('a goodbye adds nothing to one whose time is over — also before the sweep has taken it', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: 10 }, 0)
  tombstones.add('a', uncounted, rememberedMs)
  t.same(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, rememberedMs), { order: 'newer', incarnation: null })
})

test('a node that came back has no tombstone', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 5, seq: 10 }, 0)
  tombstones.remove('a')
  t.equal(tombstones.orderOf('a', { incarnation: 5, seq: 9 }, 0).order, 'newer')
})

test('the sweep takes those whose time is over and leaves the others', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', { incarnation: 1, seq: 1 }, 0)
  tombstones.add('b', { incarnation: 1, seq: 1 }, 1)
  const orders = (now: number) => ['a', 'b'].map(key => tombstones.orderOf(key, { incarnation: 1, seq: 1 }, now).order)
  tombstones.sweep(rememberedMs)
  // Asked with an instant of before, only what is stored counts
  t.same(orders(0), ['newer', 'seen'])
  tombstones.sweep(rememberedMs + 1)
  t.same(orders(0), ['newer', 'newer'])
  tombstones.sweep(rememberedMs + 1)
})

test('no more are remembered than told, and the oldest goodbye gives way', async t => {
  const tombstones = new Tombstones(2)
  const seen = (): string[] => ['a', 'b', 'c'].filter(key => tombstones.orderOf(key, { incarnation: 1, seq: 1 }, 0).order === 'seen')
  for (const key of ['a', 'b', 'a', 'c']) tombstones.add(key, { incarnation: 1, seq: 1 }, 0)
  t.same(seen(), ['a', 'c'])
})

test('a message without counts comes back at once, and what it says is not compared — where the goodbye had none either', async t => {
  const tombstones = new Tombstones()
  tombstones.add('a', uncounted, 0)
  t.same(tombstones.orderOf('a', uncounted, 0), { order: 'newer', incarnation: null })
  t.same(tombstones.orderOf('a', { incarnation: 0, seq: 0 }, 0), { order: 'newer', incarnation: null })
})
