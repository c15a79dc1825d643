import { test } from 'tap'
import { registryWith, ttlMs } from './fixtures.js'
import type { Message } from './fixtures.js'
import type { Verdict } from '../../../lib/registry/announcement.js'
import type { LoadReport } from '../../../types/index.js'

const load: LoadReport = { eventLoopUtilization: 0.5, eventLoopDelayMs: 1, heapUsedBytes: 2, rssBytes: 3, inFlight: 4, underPressure: false }
const rememberedMs = 600_000
const accepted = (id: string, state: Extract<Verdict, { drain: boolean }>['state'], drain = false): Verdict => ({ kind: 'accepted', id, state, drain })
const seen = (id: string, state: Extract<Verdict, { drain: boolean }>['state']): Verdict => ({ kind: 'seen', id, state, drain: false })

test('the first message creates a node, which warms up', async t => {
  const { say, node, taken, clock } = registryWith()
  t.same(say('a', { load, incarnation: 5, seq: 1 }), accepted('a', 'warming'))
  t.match(node('a'), { load, leaseUntil: clock.now() + ttlMs, upSince: clock.now(), draining: false })
  t.same(taken(), ['a >warming registered'])
})

test('a node that drains when it is first heard of is known as draining', async t => {
  const { say, taken } = registryWith()
  t.same(say('a', { state: 'draining' }), accepted('a', 'draining'))
  t.same(taken(), ['a >draining registered'])
})

test('a node needs no slow start — while the gateway itself is younger than that', async t => {
  const { say, clock, taken } = registryWith({ ageMs: 9999 })
  say('a')
  clock.advance(1)
  say('b')
  t.same(taken(), ['a >up registered', 'b >warming registered'])
})

test('a newer message renews the lease and replaces load and info, and is no transition', async t => {
  const { say, node, taken, clock } = registryWith()
  say('a', { incarnation: 5, seq: 1, load })
  const known = node('a')
  taken()
  clock.advance(1000)
  t.same(say('a', { incarnation: 5, seq: 2, info: { weight: 7, tags: { gpu: '1' } }, ttlMs: 5000 }), accepted('a', 'warming'))
  t.equal(node('a'), known, 'it is the same node')
  t.match(known, { leaseUntil: clock.now() + 5000, load: null, info: { weight: 7, tags: { gpu: '1' } } })
  t.same(taken(), [])
})

test('what is not newer changes nothing — duplicates, reordered and older messages, whatever they say', async t => {
  const late: readonly Message[] = [{ incarnation: 5, seq: 10 }, { incarnation: 5, seq: 9 }, { incarnation: 5, seq: 0 }, { incarnation: 4, seq: 99 }, { incarnation: 0 }]
  for (const position of late) {
    for (const state of ['up', 'draining', 'left'] as const) {
      const { say, node, taken, clock, gone } = registryWith()
      say('a', { incarnation: 5, seq: 10, load })
      const before = { ...node('a') }
      taken()
      clock.advance(100)
      say('a', { ...position, state, info: { weight: 9, origin: 'http://10.9.9.9:1' }, ttlMs: 9999 })
      t.same({ ...node('a') }, before)
      t.same([taken(), gone], [[], []])
    }
  }
})

test('the sender of what is not newer is told so', async t => {
  const { say } = registryWith()
  say('a', { incarnation: 5, seq: 10 })
  t.same(say('a', { incarnation: 5, seq: 10 }), seen('a', 'warming'))
  t.same(say('a', { incarnation: 4, seq: 11 }), { kind: 'superseded', incarnation: 5 })
})

test('a message that was seen is answered with the state of now — also before the sweep has announced it', async t => {
  const { say, clock, taken } = registryWith({ swept: false })
  say('a', { incarnation: 5, seq: 10, ttlMs: 100 })
  clock.advance(100)
  t.same(say('a', { incarnation: 5, seq: 10 }), seen('a', 'expired'))
  t.same(taken(), ['a >warming registered', 'a warming>expired lease-over'])
})

test('a message that counts nothing is newer, and does not undo what is counted', async t => {
  const { say, clock, node } = registryWith()
  say('a', { incarnation: 5, seq: 10 })
  clock.advance(10)
  t.same(say('a', { load }), accepted('a', 'warming'))
  t.match(node('a'), { load, leaseUntil: clock.now() + ttlMs })
  t.same(say('a', { incarnation: 5, seq: 9 }), seen('a', 'warming'))
  t.same(say('a', { incarnation: 4, seq: 11 }), { kind: 'superseded', incarnation: 5 })
})

test('a seq without incarnation orders nothing, for a new process counts from the beginning', async t => {
  const { say, clock, node } = registryWith()
  say('a', { seq: 1000 })
  clock.advance(10)
  t.same(say('a', { seq: 1 }), accepted('a', 'warming'))
  t.equal(node('a').leaseUntil, clock.now() + ttlMs)
  say('a', { seq: 2, state: 'left' })
  t.same(say('a', { seq: 1 }), accepted('a', 'warming'))
})

test('a higher incarnation is a new process: what was learned is forgotten, what an operator asked for is not', async t => {
  const { say, node, clock, taken, registry, gone } = registryWith()
  say('a', { incarnation: 5, seq: 10, state: 'draining', load })
  registry.drain('orders', 'a')
  const old = node('a')
  clock.advance(20_000)
  say('a', { incarnation: 5, seq: 11 })
  taken()
  t.same(say('a', { incarnation: 6, seq: 0 }), accepted('a', 'draining', true))
  t.not(node('a'), old)
  t.match(node('a'), { load: null, upSince: clock.now(), leaseUntil: clock.now() + ttlMs, drainRequested: true, draining: false, inFlight: 0, ejectedUntil: -Infinity })
  t.same(gone, [old], 'whoever learned of the old one is told that it is gone')
  registry.drain('orders', 'a', false)
  t.same(taken(), ['a draining>warming drain-revoked'])
})

test('a new process warms up — also when the gateway is young, for the gateway has seen it start', async t => {
  const { say, taken } = registryWith({ ageMs: 0 })
  say('a', { incarnation: 5 })
  say('a', { incarnation: 6 })
  t.same(taken(), ['a >up registered', 'a up>warming restarted'])
})

test('a new process in the state of the old one is no transition, but the old one is gone', async t => {
  const { say, taken, gone } = registryWith()
  say('a', { incarnation: 5 })
  taken()
  say('a', { incarnation: 6 })
  t.same(taken(), [])
  t.equal(gone.length, 1)
})

test('the same id on another origin is a new process, and the old origin is free', async t => {
  const { say, node, gone, offered, registry } = registryWith()
  say('a', { incarnation: 5, seq: 1 })
  const old = node('a')
  say('a', { incarnation: 5, seq: 2, info: { origin: 'http://10.0.0.9:3000' } })
  t.equal(node('a').info.origin, 'http://10.0.0.9:3000')
  t.same(gone, [old])
  say('b', { info: { origin: old.info.origin } })
  t.same(offered(), ['a', 'b'])
  t.equal(registry.size, 2)
})

test('another id on the same origin replaces the node that was there', async t => {
  const { say, node, gone, taken, registry } = registryWith()
  say('a')
  const old = node('a')
  taken()
  say('b', { info: { origin: old.info.origin } })
  t.same(taken(), ['a warming> replaced', 'b >warming registered'])
  t.same(gone, [old])
  t.same(registry.nodes('orders').map(({ id }) => id), ['b'])
  t.equal(registry.size, 1)
})

test('a known id that moves to the origin of another node replaces it', async t => {
  const { say, taken, registry } = registryWith()
  say('a')
  say('b')
  taken()
  say('a', { info: { origin: 'http://10.0.0.2:3000' } })
  t.same(taken(), ['b warming> replaced'])
  t.equal(registry.size, 1)
  registry.remove('orders', 'a')
  t.equal(registry.size, 0)
  say('b')
  t.same(registry.nodes('orders').map(({ id }) => id), ['b'])
})

test('a node that announces draining, revokes it, and announces it anew', async t => {
  const { say, taken } = registryWith()
  for (const state of ['up', 'draining', 'draining', 'up', 'up'] as const) say('a', { state })
  t.same(taken(), ['a >warming registered', 'a warming>draining drain-announced', 'a draining>warming drain-revoked'])
})

test('a node that left is gone at once', async t => {
  const { say, taken, gone, registry, node } = registryWith()
  say('a')
  const old = node('a')
  t.same(say('a', { state: 'left' }), accepted('a', 'left'))
  t.same(taken(), ['a >warming registered', 'a warming> left'])
  t.same(gone, [old])
  t.equal(registry.size, 0)
})

test('a node that nobody knew may leave, and then nobody knows it either', async t => {
  const { say, registry, taken } = registryWith()
  t.same(say('a', { state: 'left', incarnation: 5, seq: 2 }), accepted('a', 'left'))
  t.same(say('a', { incarnation: 5, seq: 1 }), seen('a', 'left'))
  t.equal(registry.size, 0)
  t.same(taken(), [])
})

test('late messages cannot bring a node back that left — for ten minutes', async t => {
  const rows: ReadonlyArray<readonly [message: Message, verdict: Verdict]> = [
    [{ incarnation: 5, seq: 9 }, seen('a', 'left')],
    [{ incarnation: 5, seq: 10 }, seen('a', 'left')],
    [{ incarnation: 5 }, seen('a', 'left')],
    [{ incarnation: 5, seq: 9, state: 'draining' }, seen('a', 'left')],
    [{ incarnation: 5, seq: 9, state: 'left' }, seen('a', 'left')],
    [{ incarnation: 4, seq: 99 }, { kind: 'superseded', incarnation: 5 }],
    [{ incarnation: 6, seq: 0 }, accepted('a', 'warming')],
    [{ incarnation: 5, seq: 11 }, accepted('a', 'warming')],
    [{}, accepted('a', 'warming')]
  ]
  for (const [message, verdict] of rows) {
    const { say, clock, registry } = registryWith()
    say('a', { incarnation: 5, seq: 9 })
    say('a', { incarnation: 5, seq: 10, state: 'left' })
    clock.advance(rememberedMs - 1)
    t.same(say('a', message), verdict, JSON.stringify(message))
    t.equal(registry.size, 'state' in verdict && verdict.state !== 'left' ? 1 : 0)
  }
})

test('a goodbye is forgotten after ten minutes', async t => {
  const { say, clock } = registryWith()
  say('a', { incarnation: 5, seq: 10, state: 'left' })
  clock.advance(rememberedMs)
  t.same(say('a', { incarnation: 4, seq: 9 }), accepted('a', 'warming'))
})

test('a goodbye counts for its own service alone', async t => {
  const { say } = registryWith()
  say('a', { incarnation: 5, seq: 10, state: 'left' })
  t.same(say('a', { incarnation: 5, seq: 9, info: { service: 'users' } }), accepted('a', 'warming'))
})

test('a goodbye that counts nothing does not let late messages back in', async t => {
  const { say } = registryWith()
  say('a', { incarnation: 5, seq: 10 })
  say('a', { state: 'left' })
  t.same(say('a', { incarnation: 5, seq: 9 }), seen('a', 'left'))
  t.same(say('a', { incarnation: 5, seq: 11 }), accepted('a', 'warming'))
})

test('a node whose lease was over warms up anew, and its drain is over when it says so', async t => {
  const { say, clock, taken, node } = registryWith()
  say('a', { state: 'draining' })
  clock.advance(20_000)
  t.same(taken(), ['a >draining registered', 'a draining>expired lease-over'])
  t.same(say('a'), accepted('a', 'warming'))
  t.equal(node('a').upSince, clock.now())
  t.same(taken(), ['a expired>warming renewed'])
})

test('a renewal is not taken for the reason of what time has done before — when the sweep has not come yet', async t => {
  const { say, clock, taken } = registryWith({ swept: false })
  say('a', { ttlMs: 60_000 })
  clock.advance(10_000)
  say('a', { ttlMs: 60_000 })
  t.same(taken(), ['a >warming registered', 'a warming>up warmed-up'])
  clock.advance(200)
  say('a', { ttlMs: 100 })
  clock.advance(100)
  say('a')
  t.same(taken(), ['a up>expired lease-over', 'a expired>warming renewed'])
})

test('a static node takes in the load of what comes for its origin, and keeps what is configured of it', async t => {
  const { say, node, status, taken, registry } = registryWith({ nodes: [{ id: 'a' }] })
  const known = node('a')
  taken()
  t.same(say('b', { info: { origin: known.info.origin, version: '2', weight: 7 }, load, incarnation: 5, seq: 1 }), accepted('a', 'up'))
  t.equal(node('a'), known)
  t.match(status('a'), { id: 'a', static: true, leaseMs: null, load, version: null, weight: 1 })
  t.same(taken(), [])
  t.equal(registry.size, 0, 'a static node has no lease')
  t.same(say('b', { info: { origin: known.info.origin }, incarnation: 5, seq: 1 }), seen('a', 'up'))
})

test('a static node drains when its process leaves, and is back with the next message', async t => {
  const { say, taken, clock, status } = registryWith({ nodes: [{ id: 'a' }] })
  taken()
  t.same(say('a', { state: 'left', incarnation: 5, seq: 9 }), accepted('a', 'draining'))
  t.same(say('a', { incarnation: 5, seq: 8 }), seen('a', 'draining'))
  clock.advance(3_600_000)
  t.match(status('a'), { state: 'draining', leaseMs: null })
  t.same(say('a', { incarnation: 6, seq: 0 }), accepted('a', 'warming'))
  t.same(taken(), ['a up>draining drain-announced', 'a draining>warming restarted'])
})

test('nobody takes the id of a static node to another origin', async t => {
  const { say, node, taken, registry } = registryWith({ nodes: [{ id: 'a' }] })
  const known = node('a')
  taken()
  const elsewhere = { origin: 'http://10.6.6.6:80' }
  t.same(say('a', { info: elsewhere, incarnation: 5 }), { kind: 'superseded', incarnation: 5 })
  t.same(say('a', { info: elsewhere }), { kind: 'superseded', incarnation: 0 })
  t.same(say('a', { info: elsewhere, state: 'left' }), { kind: 'superseded', incarnation: 0 })
  say('a', { incarnation: 8 })
  t.same(say('a', { info: elsewhere, incarnation: 5 }), { kind: 'superseded', incarnation: 8 })
  t.equal(node('a'), known)
  t.equal(known.info.origin, 'http://10.0.0.1:3000')
  t.same(taken(), [])
  t.throws(() => registry.renew({ service: 'orders', id: 'a', origin: 'http://10.6.6.6:80' }), { message: "option 'info.id' must not be that of a static node at another origin, got 'a'" })
})

test('the answer passes on that an operator wants the node to drain', async t => {
  const { say, registry } = registryWith()
  say('a')
  registry.drain('orders', 'a')
  t.same(say('a'), accepted('a', 'draining', true))
  registry.drain('orders', 'a', false)
  t.same(say('a'), accepted('a', 'warming'))
})
