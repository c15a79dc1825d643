import { test } from 'tap'
import { writable } from '../../../lib/node/node.js'
import { sweepMs } from '../../../lib/registry/registry.js'
import { registryWith as anyRegistryWith, ttlMs } from './fixtures.js'
import type { RegistryFixture } from './fixtures.js'

const pauseMs = 100

/** Nodes are up or expired, and offered only while they are up. */
const registryWith = (given: Parameters<typeof anyRegistryWith>[0] = {}): RegistryFixture => anyRegistryWith({ ...given, offer: { slowStartMs: 0, panicThreshold: 0 } })

test('a sweep that is late by less than 100 ms is ordinary — t-1, t', async t => {
  const leaseAfter = (lateMs: number): number | null => {
    const { clock, registry, say, node } = registryWith({ swept: false })
    say('a')
    const before = node('a').leaseUntil
    clock.stall(sweepMs + lateMs)
    registry.sweep()
    return node('a').leaseUntil - before
  }
  t.same([0, 1, pauseMs - 1, pauseMs, pauseMs + 1, 5000].map(leaseAfter), [0, 0, 0, pauseMs, pauseMs + 1, 5000])
})

test('a late sweep lengthens every lease by its lateness and skips its round', async t => {
  const { clock, registry, say, status, taken } = registryWith()
  say('a')
  say('b', { ttlMs: 1000, info: { service: 'users' } })
  taken()
  clock.stall(3_600_000)
  clock.advance(0)
  t.match([status('a').leaseMs, registry.nodes('users')[0]?.leaseMs], [ttlMs - sweepMs, 1000 - sweepMs])
  t.same(taken(), [])
  clock.advance(ttlMs - sweepMs - 1)
  t.equal(status('a').state, 'up')
  clock.advance(1)
  t.equal(status('a').state, 'expired')
})

test('requests that come before the late sweep find everybody alive, and the pause is credited once', async t => {
  const { clock, registry, say, node, offered, taken } = registryWith()
  say('a')
  taken()
  const before = node('a').leaseUntil
  clock.stall(10_000)
  t.same(offered(), ['a'])
  t.equal(registry.nodes('orders')[0]?.state, 'up')
  t.same(offered(), ['a'])
  clock.advance(1)
  t.equal(node('a').leaseUntil, before + 10_000 - sweepMs)
  t.same(taken(), [])
})

test('the first message after a pause renews its own lease and leaves those of the others — that wait in the sockets', async t => {
  const { clock, say, status, taken } = registryWith()
  say('a')
  say('b')
  taken()
  clock.stall(60_000)
  say('a')
  t.same([status('a').leaseMs, status('b').leaseMs], [ttlMs, ttlMs - sweepMs])
  clock.advance(0)
  t.same([status('a').leaseMs, status('b').leaseMs], [ttlMs, ttlMs - sweepMs])
  t.same(taken(), [])
})

test('a lease that was about to end has not ended in the pause', async t => {
  for (const leftMs of [1, 100, sweepMs - 1, sweepMs]) {
    const { clock, say, status, taken } = registryWith()
    say('a', { ttlMs: leftMs })
    taken()
    clock.stall(60_000)
    clock.advance(0)
    t.match(status('a'), { state: 'up', leaseMs: leftMs }, `${leftMs} ms left`)
    t.same(taken(), [])
  }
})

test('a node that expired before the pause stays expired', async t => {
  const { clock, say, status, taken } = registryWith()
  say('a', { ttlMs: 600 })
  say('b', { ttlMs: 60_000 })
  clock.advance(1000)
  clock.stall(10_000)
  t.equal(status('a').state, 'expired')
  clock.advance(1000)
  t.same(taken(), ['a >up registered', 'b >up registered', 'a up>expired lease-over'])
})

test('a node that was seen to be expired in an ordinary delay does not come back — when the delay becomes a pause', async t => {
  const { clock, registry, say, status } = registryWith({ swept: false })
  registry.sweep()
  say('a', { ttlMs: sweepMs + 80 })
  clock.stall(sweepMs + 90)
  t.equal(status('a').state, 'expired')
  clock.stall(5000)
  t.equal(status('a').state, 'expired')
  registry.sweep()
  t.equal(status('a').state, 'expired')
})

test('a second pause is credited as well', async t => {
  const { clock, say, status } = registryWith()
  say('a')
  for (const pauseMs of [5000, 400, 86_400_000]) {
    clock.stall(pauseMs)
    clock.advance(0)
  }
  t.equal(status('a').leaseMs, ttlMs - 3 * sweepMs)
})

test('a gateway that is late in every round still finds out who is dead', async t => {
  const { clock, registry, say, status } = registryWith({ swept: false })
  say('a')
  const lateRound = (): string => {
    clock.stall(sweepMs + 150)
    registry.sweep()
    clock.stall(10)
    return status('a').state
  }
  const states = Array.from({ length: 60 }, lateRound)
  t.equal(states[0], 'up')
  t.equal(states.at(-1), 'expired')
})

test('a pause prolongs neither ejection nor slow start, and static nodes do not mind', async t => {
  const { clock, registry, say, status, node } = anyRegistryWith({ nodes: [{ id: 's' }, { id: 'z' }] })
  writable(node('s')).ejectedUntil = clock.now() + 5000
  registry.drain('orders', 's', false)
  say('a', { ttlMs: 1000 })
  clock.stall(10_000)
  t.match([status('s'), status('z'), status('a')], [{ state: 'up', leaseMs: null }, { state: 'up', leaseMs: null }, { state: 'up', leaseMs: 1000 - sweepMs }])
})

test('a node that registers after a pause has the lease that it was given', async t => {
  const { clock, say, status } = registryWith()
  clock.stall(10_000)
  say('a')
  clock.advance(0)
  t.equal(status('a').leaseMs, ttlMs)
})

test('a refused connection removes nobody whose lease ran before the pause', async t => {
  const { clock, registry, say, node } = registryWith()
  say('a')
  clock.stall(10_000)
  registry.refused(node('a'))
  t.ok(registry.has('orders', 'a'))
})

test('the memory of goodbyes goes by the clock, not by the sweeps', async t => {
  const { clock, say } = registryWith()
  say('a', { incarnation: 5, seq: 10, state: 'left' })
  clock.stall(600_000)
  t.match(say('a', { incarnation: 5, seq: 9 }), { kind: 'accepted' })
})
