import { test } from 'tap'
import { registryWith, ttlMs } from './fixtures.js'
import { nodeWith } from '../node/fixtures.js'

const four = { nodes: ['a', 'b', 'c', 'd'].map(id => ({ id })) }

test('an ejected node is not offered until its time is over — t-1, t — and warms up then', async t => {
  const { registry, node, clock, offered, status, taken } = registryWith(four)
  taken()
  registry.eject(node('a'), clock.now() + 1000)
  t.same(offered(), ['b', 'c', 'd'])
  t.match(status('a'), { state: 'ejected', reason: 'ejected', ejectedMs: 1000, effectiveWeight: 0 })
  clock.advance(999)
  t.same(offered(), ['b', 'c', 'd'])
  clock.advance(1)
  t.same(offered(), ['a', 'b', 'c', 'd'])
  t.match(status('a'), { state: 'warming', reason: 'ejection-over', ejectedMs: null, effectiveWeight: 0.1 })
  clock.advance(5000)
  t.match(status('a'), { effectiveWeight: 0.5 })
  clock.advance(5250)
  t.match(status('a'), { state: 'up', effectiveWeight: 1 })
  t.same(taken(), ['a up>ejected ejected', 'a ejected>warming ejection-over', 'a warming>up warmed-up'])
})

test('the slow start of an ejected node counts from the end of its ejection — 60 s, floor 0.1', async t => {
  const { registry, node, clock, status } = registryWith({ ...four, offer: { slowStartMs: 60_000 } })
  registry.eject(node('a'), clock.now() + 1000)
  clock.advance(1000)
  const weights = [0, 5, 1, 9, 15, 30].map(seconds => {
    clock.advance(seconds * 1000)
    return status('a').effectiveWeight
  })
  t.same(weights, [0.1, 0.1, 0.1, 0.25, 0.5, 1], 'at 0, 5, 6, 15, 30 and 60 s')
})

test('a node that is ejected again is withheld until the later end', async t => {
  const { registry, node, clock, status, taken } = registryWith(four)
  taken()
  registry.eject(node('a'), clock.now() + 1000)
  registry.eject(node('a'), clock.now() + 3000)
  clock.advance(2999)
  t.equal(status('a').state, 'ejected')
  clock.advance(1)
  t.equal(status('a').state, 'warming')
  t.same(taken()[0], 'a up>ejected ejected')
})

test('an ejection that began as the last one ended is announced as another', async t => {
  const { registry, node, clock, taken } = registryWith({ ...four, swept: false })
  taken()
  registry.eject(node('a'), clock.now() + 50)
  clock.advance(50)
  registry.eject(node('a'), clock.now() + 50)
  t.same(taken(), ['a up>ejected ejected', 'a ejected>warming ejection-over', 'a warming>ejected ejected'])
})

test('a draining or expired node that is ejected stays what it is', async t => {
  const { registry, node, clock, status, say } = registryWith(four)
  registry.drain('orders', 'a')
  registry.eject(node('a'), clock.now() + 1000)
  t.equal(status('a').state, 'draining')
  say('e')
  clock.advance(ttlMs)
  registry.eject(node('e'), clock.now() + 1000)
  t.equal(status('e').state, 'expired')
})

test('an ejected node is offered when too few are left', async t => {
  const { registry, node, clock, offered } = registryWith(four)
  for (const id of ['a', 'b']) registry.eject(node(id), clock.now() + 1000)
  t.same(offered(), ['c', 'd'])
  registry.eject(node('c'), clock.now() + 1000)
  t.same(offered(), ['a', 'b', 'c', 'd'], 'panic')
})

test('a node that is not known any more cannot be ejected, judged or said to have answered', async t => {
  const { registry, node, clock, taken, say } = registryWith(four)
  const gone = node('a')
  registry.remove('orders', 'a')
  say('e', { incarnation: 1 })
  const restarted = node('e')
  say('e', { incarnation: 2 })
  taken()
  for (const each of [gone, restarted, nodeWith({ info: { service: 'unknown' } })]) {
    registry.eject(each, clock.now() + 1000)
    registry.judge(each, false)
    registry.answered(each)
    registry.refused(each)
  }
  t.same(taken(), [])
  t.equal(node('e').ejectedUntil, -Infinity)
})

test('a new process on the id of an ejected node is not ejected', async t => {
  const { registry, node, clock, say, status } = registryWith(four)
  say('e', { incarnation: 1, ttlMs: 60_000 })
  registry.eject(node('e'), clock.now() + 60_000)
  t.equal(status('e').state, 'ejected')
  say('e', { incarnation: 2 })
  t.equal(status('e').state, 'warming')
})

test('the peers of a node are those that would be offered but for their ejection', async t => {
  const { registry, node, clock, say } = registryWith(four)
  t.same(registry.peers(node('a')), { total: 4, ejected: 0 })
  registry.eject(node('a'), clock.now() + 1000)
  t.same(registry.peers(node('b')), { total: 4, ejected: 1 })
  registry.drain('orders', 'd')
  t.same(registry.peers(node('b')), { total: 3, ejected: 1 }, 'not those that drain')
  say('e')
  t.same(registry.peers(node('b')), { total: 4, ejected: 1 })
  clock.advance(ttlMs)
  t.same(registry.peers(node('b')), { total: 3, ejected: 0 }, 'not those whose lease is over, and the ejection is over too')
  registry.judge(node('c'), false)
  t.same(registry.peers(node('b')), { total: 3, ejected: 1 }, 'those that fail their checks are withheld as well')
})

test('a node of weight 0 is no peer — for it would not be offered', async t => {
  const { registry, node } = registryWith({ nodes: [{ id: 'a' }, { id: 'b', weight: 0 }] })
  t.same(registry.peers(node('a')), { total: 1, ejected: 0 })
})

test('nodes of weight 0 are peers — when all have it, and count the same', async t => {
  const { registry, node } = registryWith({ nodes: [{ id: 'a', weight: 0 }, { id: 'b', weight: 0 }] })
  t.same(registry.peers(node('a')), { total: 2, ejected: 0 })
})

test('the peers of a node of another service are none of its own', async t => {
  const { registry, node } = registryWith(four)
  t.same(registry.peers(nodeWith({ info: { service: 'unknown' } })), { total: 0, ejected: 0 })
  registry.renew({ service: 'users', origin: 'http://10.0.0.9:3000' })
  t.same(registry.peers(node('a')), { total: 4, ejected: 0 })
})

test('a node that fails its checks is not offered until it passes them — and warms up then', async t => {
  const { registry, node, offered, status, taken, clock } = registryWith(four)
  taken()
  registry.judge(node('a'), false)
  t.same(offered(), ['b', 'c', 'd'])
  t.match(status('a'), { state: 'ejected', reason: 'check-failed', ejectedMs: null })
  clock.advance(3_600_000)
  t.equal(status('a').state, 'ejected', 'time alone does not bring it back')
  registry.judge(node('a'), true)
  t.match(status('a'), { state: 'warming', reason: 'check-passed' })
  clock.advance(10_250)
  t.same(taken(), ['a up>ejected check-failed', 'a ejected>warming check-passed', 'a warming>up warmed-up'])
})

test('a node that works needs no slow start — while the gateway itself is younger than that', async t => {
  const { registry, node, status } = registryWith({ ...four, ageMs: 5000 })
  registry.judge(node('a'), false)
  registry.judge(node('a'), true)
  t.match(status('a'), { state: 'up' })
})

test('checks and ejections are told apart — each ends for itself', async t => {
  const { registry, node, status, clock } = registryWith(four)
  registry.judge(node('a'), false)
  registry.eject(node('a'), clock.now() + 1000)
  registry.judge(node('a'), true)
  t.match(status('a'), { state: 'ejected', ejectedMs: 1000 })
  clock.advance(1000)
  t.equal(status('a').state, 'warming')
})

test('a node warms up after its ejection also when its lease was over, or its checks failed, in the middle of it', async t => {
  const { registry, node, clock, status, say } = registryWith(four)
  say('e')
  for (const id of ['a', 'e']) registry.eject(node(id), clock.now() + 30_000)
  registry.judge(node('a'), false)
  clock.advance(5000)
  t.equal(status('e').state, 'expired')
  registry.judge(node('a'), true)
  say('e', { ttlMs: 60_000 })
  clock.advance(24_999)
  t.same(['a', 'e'].map(id => status(id).state), ['ejected', 'ejected'])
  clock.advance(1)
  for (const id of ['a', 'e']) t.match(status(id), { state: 'warming', effectiveWeight: 0.1 })
})

test('a node whose lease is over is remembered as long as it answers, and a minute longer', async t => {
  const { registry, node, clock, say } = registryWith()
  say('a')
  clock.advance(ttlMs + 50_000)
  registry.answered(node('a'))
  clock.advance(59_000)
  t.ok(registry.has('orders', 'a'), 'nearly two minutes after its last heartbeat')
  clock.advance(1250)
  t.notOk(registry.has('orders', 'a'))
})

test('a connection that is refused removes a node — only if its lease is over', async t => {
  const { registry, node, clock, say, taken } = registryWith()
  say('a')
  registry.refused(node('a'))
  t.ok(registry.has('orders', 'a'))
  clock.advance(ttlMs)
  taken()
  registry.refused(node('a'))
  t.same(taken(), ['a expired> refused'])
})
