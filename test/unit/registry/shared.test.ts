import { test } from 'tap'
import { registryWith as anyRegistryWith, ttlMs } from './fixtures.js'
import type { RegistryFixture } from './fixtures.js'

const learnt = { heardHere: false }

/** Nodes are up or expired, and offered only while they are up. */
const registryWith = (given: Parameters<typeof anyRegistryWith>[0] = {}): RegistryFixture => anyRegistryWith({ ...given, offer: { slowStartMs: 0, panicThreshold: 0 } })

test('a node that is heard of through the store is as good as any other', async t => {
  const { say, offered, taken, clock } = registryWith()
  say('a', learnt)
  t.same(offered(), ['a'])
  clock.advance(ttlMs)
  t.same(offered(), [])
  t.same(taken(), ['a >up registered', 'a up>expired lease-over'])
})

test('what comes through the store lengthens a lease and does not shorten it; what is heard here does both', async t => {
  const { say, status } = registryWith()
  say('a', { ttlMs: 10_000 })
  say('a', { ...learnt, ttlMs: 5000 })
  t.equal(status('a').leaseMs, 10_000)
  say('a', { ...learnt, ttlMs: 15_000 })
  t.equal(status('a').leaseMs, 15_000)
  say('a', { ttlMs: 5000 })
  t.equal(status('a').leaseMs, 5000)
  say('a', { ...learnt, ttlMs: -5000, incarnation: 1 })
  t.equal(status('a').leaseMs, 5000, 'not even that of a new process')
})

test('a lease that is over on arrival: the node is known and not offered, and forgotten a minute after it was over', async t => {
  const { say, offered, taken, clock } = registryWith()
  say('a', { ...learnt, ttlMs: -20_000 })
  t.same([offered(), taken()], [[], ['a >expired registered']])
  clock.advance(39_999)
  t.same(taken(), [])
  clock.advance(250)
  t.same(taken(), ['a expired> forgotten'])
})

test('a node whose lease was over on arrival is up with its next heartbeat', async t => {
  const { say, taken } = registryWith()
  say('a', { ...learnt, ttlMs: -1 })
  say('a')
  t.same(taken(), ['a >expired registered', 'a expired>up renewed'])
})

test('the nodes that are heard here are counted', async t => {
  const { registry, say, clock } = registryWith({ nodes: [{ id: 's' }] })
  say('a')
  say('b')
  say('u', { info: { service: 'users' } })
  say('c', learnt)
  say('s')
  t.same([registry.heard, registry.size], [3, 4], 'static ones are none of them')
  say('a', learnt)
  say('a', learnt)
  t.equal(registry.heard, 2, 'a beats another gateway now')
  say('a')
  say('a')
  t.equal(registry.heard, 3)
  say('a', { incarnation: 5 })
  t.equal(registry.heard, 3, 'its next process')
  say('b', { state: 'left' })
  registry.remove('users', 'u')
  t.equal(registry.heard, 1)
  clock.advance(120_000)
  t.same([registry.heard, registry.size], [0, 0])
})

test('a node that is replaced at its origin counts no more', async t => {
  const { registry, say } = registryWith()
  say('a')
  say('z', { info: { origin: 'http://10.0.0.1:3000' } })
  t.same([registry.heard, registry.size], [1, 1])
})

test('while the store is silent its leases last; those that are heard here, and for ever, are as they were', async t => {
  const { clock, registry, say, status } = registryWith({ nodes: [{ id: 's' }] })
  say('a')
  say('b', learnt)
  clock.advance(1000)
  registry.sustain(1000)
  t.same(['a', 'b', 's'].map(id => status(id).leaseMs), [ttlMs - 1000, ttlMs, null])
})

test('a lease that ran out in the silence has what it had when it began', async t => {
  const { clock, registry, say, status, taken } = registryWith()
  say('a', { ...learnt, ttlMs: 600 })
  clock.advance(500)
  clock.advance(1500)
  t.equal(status('a').state, 'expired')
  registry.sustain(1500)
  t.match(status('a'), { state: 'up', leaseMs: 100 })
  clock.advance(1000)
  registry.sustain(500)
  t.equal(status('a').state, 'expired', 'it was over before')
  t.same(taken().slice(0, 2), ['a >up registered', 'a up>expired lease-over'])
})

test('what a lease that still runs is given besides brings back none that is over', async t => {
  const { clock, registry, say, status } = registryWith()
  say('a', { ...learnt, ttlMs: 600 })
  say('b', learnt)
  say('c')
  clock.advance(1000)
  registry.sustain(0, 2000)
  t.same(['a', 'b', 'c'].map(id => status(id).leaseMs), [0, ttlMs + 1000, ttlMs - 1000])
})

test('the end of a silence is allowed for once per renewal: time in which the store answers counts', async t => {
  const { clock, registry, say, status } = registryWith()
  const lapse = (): number | null => {
    clock.advance(500)
    registry.sustain(500)
    clock.advance(500)
    registry.sustain(500, 2000)
    return status('a').leaseMs
  }
  say('a', learnt)
  t.same([1, 2, 3, 4, 5].map(lapse), [2000, 1000, 0, -500, -1000].map(moreMs => ttlMs + moreMs))
  say('a', learnt)
  t.equal(lapse(), ttlMs + 2000)
})

test('a lease that was over at the end of a silence is carried over no other', async t => {
  const { clock, registry, say, status } = registryWith()
  say('a', { ...learnt, ttlMs: -1000 })
  registry.sustain(0, 2000)
  for (let silence = 0; silence < 10; silence++) {
    clock.advance(1000)
    registry.sustain(1000, 2000)
  }
  t.equal(status('a').state, 'expired')
  clock.advance(50_000)
  t.notOk(registry.has('orders', 'a'), 'nor is it remembered longer')
})

test('no silence makes a lease longer than it was given, and none makes it shorter', async t => {
  const { clock, registry, say, status } = registryWith()
  say('a', learnt)
  say('b', { ...learnt, ttlMs: 60_000 })
  say('b', learnt)
  clock.advance(1000)
  registry.sustain(5000)
  t.same(['a', 'b'].map(id => status(id).leaseMs), [ttlMs, 59_000])
})

test('a pause of this process and a silence of the store are not credited twice', async t => {
  const { clock, registry, say, status } = registryWith()
  say('a', learnt)
  clock.stall(30_000)
  registry.sustain(2000)
  const { leaseMs } = status('a')
  t.ok(leaseMs !== null && leaseMs <= ttlMs + 2000, `${leaseMs}`)
})
