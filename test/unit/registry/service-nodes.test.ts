import { test } from 'tap'
import { infoWith } from '../node/fixtures.js'
import { registryWith, ttlMs } from './fixtures.js'

test('the snapshot is the same object — while nothing changed', async t => {
  const { say, registry, clock } = registryWith({ offer: { slowStartMs: 0 } })
  say('a', { incarnation: 5, seq: 1 })
  say('b', { incarnation: 5, seq: 1 })
  const snapshot = registry.snapshot('orders')
  clock.advance(1000)
  say('a', { incarnation: 5, seq: 2 })
  say('a', { incarnation: 5, seq: 2 })
  say('a', { incarnation: 4 })
  say('c', { info: { service: 'users' } })
  registry.drain('orders', 'unknown')
  registry.remove('orders', 'unknown')
  registry.sweep()
  clock.advance(1999)
  t.equal(registry.snapshot('orders'), snapshot, 'until the first lease could be over')
  clock.advance(1)
  t.not(registry.snapshot('orders'), snapshot)
})

test('the snapshot is made anew — after each change', async t => {
  const changes: Readonly<Record<string, (fixture: ReturnType<typeof registryWith>) => void>> = {
    'a node comes': ({ say }) => { say('c') },
    'a node leaves': ({ say }) => { say('a', { state: 'left' }) },
    'a node drains': ({ say }) => { say('a', { state: 'draining' }) },
    'a node changes its weight': ({ say }) => { say('a', { info: { weight: 2 } }) },
    'a node changes its tags': ({ say }) => { say('a', { info: { tags: { a: '1' } } }) },
    'a node restarts': ({ say }) => { say('a', { incarnation: 6 }) },
    'a node moves': ({ say }) => { say('a', { info: { origin: 'http://10.0.0.9:1' } }) },
    'a lease becomes shorter': ({ say }) => { say('a', { ttlMs: 10 }) },
    'an operator drains': ({ registry }) => { registry.drain('orders', 'a') },
    'an operator removes': ({ registry }) => { registry.remove('orders', 'a') },
    'a static node is configured': ({ registry }) => { registry.configure(infoWith({ id: 's', origin: 'http://10.0.0.8:1', static: true })) },
    'a pause is credited': ({ clock }) => { clock.stall(1000) }
  }
  for (const [what, change] of Object.entries(changes)) {
    const fixture = registryWith({ offer: { slowStartMs: 0 } })
    fixture.say('a', { incarnation: 5, ttlMs: 60_000 })
    fixture.say('b', { ttlMs: 60_000 })
    const snapshot = fixture.registry.snapshot('orders')
    change(fixture)
    t.not(fixture.registry.snapshot('orders'), snapshot, what)
  }
})

test('a lease that became shorter ends when it says — also for who is offered', async t => {
  const { say, clock, offered } = registryWith({ offer: { panicThreshold: 0 }, swept: false })
  say('a', { ttlMs: 60_000 })
  t.same(offered(), ['a'])
  say('a', { ttlMs: 100 })
  clock.advance(99)
  t.same(offered(), ['a'])
  clock.advance(1)
  t.same(offered(), [])
})

test('a node that renews its lease after its end is offered again at once — when requests came in between and no sweep', async t => {
  const { say, clock, offered } = registryWith({ offer: { slowStartMs: 0, panicThreshold: 0 }, nodes: [{ id: 's' }], swept: false })
  say('a', { ttlMs: 100 })
  clock.advance(100)
  t.same(offered(), ['s'])
  say('a')
  t.same(offered(), ['s', 'a'])
})

test('an expired node that is drained is offered no more, not even in panic', async t => {
  const { say, clock, offered, registry, taken } = registryWith()
  say('a')
  say('b')
  clock.advance(ttlMs)
  t.same(offered(), ['a', 'b'])
  taken()
  t.ok(registry.drain('orders', 'a'))
  t.same(offered(), ['b'])
  t.same(taken(), [], 'expired it is before and after')
})

test('ids and origins lead to the same nodes — after replacing, moving and leaving', async t => {
  const { say, registry, offered } = registryWith()
  const at = (origin: string) => ({ info: { origin } })
  say('a', at('http://one:1'))
  say('b', at('http://two:1'))
  say('a', at('http://two:1'))
  say('c', at('http://one:1'))
  t.same(offered(), ['a', 'c'])
  say('a', at('http://three:1'))
  say('d', at('http://two:1'))
  say('a', { state: 'left' })
  say('e', at('http://three:1'))
  t.same(registry.nodes('orders').map(({ id, origin }) => [id, origin]), [['c', 'http://one:1'], ['d', 'http://two:1'], ['e', 'http://three:1']])
  t.equal(registry.size, 3)
})

test('ten thousand nodes beat without the list of candidates being made again', async t => {
  const { say, registry, clock } = registryWith({ offer: { slowStartMs: 0 } })
  const beat = (seq: number): void => {
    for (let index = 0; index < 10_000; index++) say(`n${index}`, { incarnation: 5, seq, ttlMs: 45_000, info: { origin: `http://n${index}:1` } })
  }
  beat(1)
  const snapshot = registry.snapshot('orders')
  t.equal(snapshot?.candidates.length, 10_000)
  clock.advance(15_000)
  beat(2)
  t.equal(registry.snapshot('orders'), snapshot)
  t.equal(registry.size, 10_000)
})
