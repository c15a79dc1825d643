import { test } from 'tap'
import { writable } from '../../../lib/node/node.js'
import { NodeRegistry, sweepMs } from '../../../lib/registry/registry.js'
import { originOfId, registryWith, rules, textOf, ttlMs } from './fixtures.js'
import type { NodeInfo } from '../../../types/index.js'

const forgetMs = 60_000
const origin = originOfId('a')

test('a configured service exists without nodes, any other only with them', async t => {
  const { registry, say } = registryWith({ configured: ['orders', 'users'] })
  t.same(registry.services(), ['orders', 'users'])
  t.same(registry.nodes('orders'), [])
  t.same(registry.snapshot('orders'), { candidates: [], warming: [], panic: false, equalized: false, heartbeatsLost: false, validUntil: Infinity })
  t.same([registry.nodes('other'), registry.snapshot('other'), registry.node('other', 'a'), registry.has('other', 'a')], [[], undefined, undefined, false])
  say('a', { info: { service: 'other' } })
  t.same(registry.services(), ['orders', 'users', 'other'])
})

test('a service that is not configured vanishes with its last node — on every way out', async t => {
  const ways: Readonly<Record<string, (fixture: ReturnType<typeof registryWith>) => void>> = {
    left: ({ say }) => { say('a', { state: 'left' }) },
    removed: ({ registry }) => { registry.remove('orders', 'a') },
    forgotten: ({ clock }) => { clock.advance(ttlMs + forgetMs + sweepMs) },
    refused: ({ clock, registry, node }) => {
      clock.advance(ttlMs)
      registry.refused(node('a'))
    }
  }
  for (const [way, go] of Object.entries(ways)) {
    const fixture = registryWith({ configured: [] })
    fixture.say('a')
    fixture.say('b', { ttlMs: 3_600_000 })
    go(fixture)
    t.same(fixture.registry.services(), ['orders'], `${way}: b is there`)
    fixture.registry.remove('orders', 'b')
    t.same(fixture.registry.services(), [], way)
    t.equal(fixture.registry.snapshot('orders'), undefined)
  }
})

test('a message that is refused or says goodbye leaves no service behind', async t => {
  const { registry, say } = registryWith({ configured: [] })
  say('a', { state: 'left', incarnation: 5 })
  say('a', { incarnation: 4 })
  t.same(registry.services(), [])
})

test('services keep their nodes apart, also those of one id and one origin', async t => {
  const { registry, say, gone } = registryWith()
  say('a')
  say('a', { info: { service: 'users' } })
  t.same(gone, [])
  t.same(registry.services().map(name => registry.nodes(name).map(({ id, service }) => [id, service])), [[['a', 'orders']], [['a', 'users']]])
  t.equal(registry.size, 2)
})

test('each service has its own rules', async t => {
  const { clock } = registryWith()
  const registry = new NodeRegistry(clock, [], service => service === 'slow' ? rules : { ...rules, slowStartMs: 0 })
  clock.advance(20_000)
  for (const service of ['slow', 'quick']) registry.renew({ service, origin })
  t.same(['slow', 'quick'].map(service => registry.nodes(service)[0]?.state), ['warming', 'up'])
})

test('a static node is up at once and for ever', async t => {
  const { registry, status, clock, changes } = registryWith({ nodes: [{ id: 'a' }], ageMs: 0 })
  t.same(changes, ['a >up configured'])
  clock.advance(86_400_000)
  t.match(status('a'), { state: 'up', static: true, leaseMs: null, reason: null })
  t.equal(registry.size, 0)
  t.same(changes.length, 1)
})

test('a static node may be drained and removed like any other', async t => {
  const { registry, taken, gone } = registryWith({ nodes: [{ id: 'a' }] })
  t.ok(registry.drain('orders', 'a'))
  t.ok(registry.remove('orders', 'a'))
  t.same(taken(), ['a >up configured', 'a up>draining drain-requested', 'a draining> removed'])
  t.same([registry.size, gone.length], [0, 1])
})

test('a lease is over at its end, not before — t-1, t, t+1', async t => {
  const { say, clock, status, offered } = registryWith({ offer: { panicThreshold: 0 } })
  say('a')
  const at = (byMs: number) => {
    clock.advance(byMs)
    return [status('a').state, status('a').leaseMs, offered()]
  }
  t.same([at(ttlMs - 1), at(1), at(1)], [['warming', 1, ['a']], ['expired', 0, []], ['expired', 0, []]])
})

test('slow start is over at its end, not before — t-1, t, t+1', async t => {
  const { say, clock, status } = registryWith()
  say('a', { ttlMs: 60_000 })
  clock.advance(9999)
  t.match(status('a'), { state: 'warming' })
  clock.advance(1)
  t.match(status('a'), { state: 'up', effectiveWeight: 1 })
  clock.advance(1)
  t.match(status('a'), { state: 'up', effectiveWeight: 1 })
})

test('an ejection is over at its end, not before — t-1, t, t+1', async t => {
  const { clock, status, offered, node, registry } = registryWith({ nodes: [{ id: 'a' }, { id: 'b' }] })
  writable(node('a')).ejectedUntil = clock.now() + 200
  registry.drain('orders', 'a', false)
  const at = (byMs: number) => {
    clock.advance(byMs)
    return [status('a').state, offered()]
  }
  t.same([at(199), at(1), at(1)], [['ejected', ['b']], ['up', ['a', 'b']], ['up', ['a', 'b']]])
})

test('an expired node is forgotten after 60 s — t-1, t', async t => {
  const { registry, clock, say, gone, node } = registryWith({ swept: false })
  say('a', { ttlMs: 100 })
  const known = node('a')
  const sweepAfter = (byMs: number): void => {
    for (let leftMs = byMs; leftMs > 0; leftMs -= sweepMs) {
      clock.advance(Math.min(sweepMs, leftMs))
      registry.sweep()
    }
  }
  sweepAfter(100 + forgetMs - 1)
  t.ok(registry.has('orders', 'a'))
  sweepAfter(1)
  t.notOk(registry.has('orders', 'a'))
  t.same(gone, [known])
  t.equal(registry.size, 0)
})

test('the sweep announces what time has done, once', async t => {
  const { say, clock, taken } = registryWith()
  say('a', { ttlMs: 12_000 })
  clock.advance(12_000 + forgetMs + sweepMs)
  t.same(taken(), ['a >warming registered', 'a warming>up warmed-up', 'a up>expired lease-over', 'a expired> forgotten'])
})

test('the sweep announces the end of an ejection', async t => {
  const { clock, taken, node, registry } = registryWith({ nodes: [{ id: 'a' }] })
  taken()
  Object.assign(writable(node('a')), { ejectedUntil: clock.now() + 1000, upSince: clock.now() + 1000 })
  registry.drain('orders', 'a', false)
  clock.advance(20_000)
  t.same(taken().slice(1), ['a ejected>warming ejection-over', 'a warming>up warmed-up'])
})

test('a second sweep at the same instant does nothing', async t => {
  const { say, clock, registry, taken } = registryWith({ swept: false })
  say('a', { ttlMs: 100 })
  clock.advance(sweepMs)
  registry.sweep()
  t.same(taken(), ['a >warming registered', 'a warming>expired lease-over'])
  const before = [registry.nodes('orders'), registry.snapshot('orders')]
  registry.sweep()
  t.same(taken(), [])
  t.same([registry.nodes('orders'), registry.snapshot('orders')], before)
})

test('a drain outlives the messages of the node and ends with the operator', async t => {
  const { say, registry, taken, status, clock } = registryWith()
  say('a', { ttlMs: 60_000 })
  taken()
  t.ok(registry.drain('orders', 'a'))
  t.ok(registry.drain('orders', 'a'))
  say('a', { ttlMs: 60_000 })
  t.equal(status('a').state, 'draining')
  clock.advance(10_000)
  t.ok(registry.drain('orders', 'a', false))
  t.same(taken(), ['a warming>draining drain-requested', 'a draining>up drain-revoked'])
  t.ok(registry.drain('orders', 'a', false))
  t.same(taken(), [])
})

test('who drains itself and is drained stays so — until both are over', async t => {
  const { say, registry, taken } = registryWith()
  say('a', { state: 'draining' })
  registry.drain('orders', 'a')
  registry.drain('orders', 'a', false)
  t.same(taken(), ['a >draining registered'])
  say('a')
  t.same(taken(), ['a draining>warming drain-revoked'])
})

test('a drain is not taken for the reason of what time has done before', async t => {
  const { say, registry, clock, taken } = registryWith({ swept: false })
  say('a', { ttlMs: 100 })
  clock.advance(100)
  registry.drain('orders', 'a', false)
  t.same(taken(), ['a >warming registered', 'a warming>expired lease-over'])
})

test('a node that is not known can neither be drained nor removed', async t => {
  const { registry, taken } = registryWith()
  for (const service of ['orders', 'other']) t.same([registry.drain(service, 'a'), registry.remove(service, 'a')], [false, false])
  t.same(taken(), [])
})

test('a node that was removed comes back with its next message', async t => {
  const { say, registry, taken, offered } = registryWith()
  say('a', { incarnation: 5, seq: 1 })
  t.ok(registry.remove('orders', 'a'))
  t.same(offered(), [])
  say('a', { incarnation: 5, seq: 2 })
  t.same(taken(), ['a >warming registered', 'a warming> removed', 'a >warming registered'])
})

test('a refused connection removes a node only when its lease is over — t-1, t', async t => {
  const { say, registry, clock, node, taken, gone } = registryWith({ swept: false })
  say('a', { ttlMs: 100 })
  const known = node('a')
  taken()
  clock.advance(99)
  registry.refused(known)
  t.same(taken(), [])
  clock.advance(1)
  registry.refused(known)
  t.same(taken(), ['a warming> refused'])
  t.same(gone, [known])
  registry.refused(known)
  t.same(taken(), [], 'it is gone already')
})

test('a refused connection to the process of before says nothing about the one of now', async t => {
  const { say, registry, clock, node } = registryWith({ swept: false })
  say('a', { incarnation: 5 })
  const old = node('a')
  say('a', { incarnation: 6, ttlMs: 100 })
  clock.advance(100)
  registry.refused(old)
  t.ok(registry.has('orders', 'a'))
})

test('a refused connection to a node of a service that is gone does nothing', async t => {
  const { say, registry, node } = registryWith({ configured: [] })
  say('a')
  const known = node('a')
  registry.remove('orders', 'a')
  registry.refused(known)
  t.same(registry.services(), [])
})

test('a static node is never removed by a refused connection', async t => {
  const { registry, node } = registryWith({ nodes: [{ id: 'a' }] })
  registry.refused(node('a'))
  t.ok(registry.has('orders', 'a'))
})

test('custom discovery registers a node, renews it, and lets it expire', async t => {
  const { registry, clock, status, taken } = registryWith()
  registry.renew({ service: 'orders', origin }, 1000)
  t.match(status('10.0.0.1:3000'), { origin, weight: 1, leaseMs: 1000, static: false })
  clock.advance(900)
  registry.renew({ service: 'orders', origin, weight: 3 }, 1000)
  t.match(status('10.0.0.1:3000'), { weight: 3, leaseMs: 1000 })
  clock.advance(1000 + sweepMs)
  t.same(taken(), ['10.0.0.1:3000 >warming registered', '10.0.0.1:3000 warming>expired lease-over'])
})

test('custom discovery without a time registers a node for ever, which is none of the configuration', async t => {
  const { registry, clock, status } = registryWith()
  registry.renew({ service: 'orders', id: 'a', origin, static: true })
  clock.advance(86_400_000)
  t.match(status('a'), { state: 'up', leaseMs: null, static: false })
  t.equal(registry.size, 1)
})

test('custom discovery is told what is wrong', async t => {
  const { registry, taken } = registryWith()
  const rows: ReadonlyArray<readonly [given: unknown, ttlMs: unknown, message: string]> = [
    [{ service: 'orders' }, 1, "option 'info.origin' is missing"],
    [{ service: 'orders', origin, weight: -1 }, 1, "option 'info.weight' must be a number between 0 and 1000, got -1"],
    [{ service: 'orders', origin }, 0, "option 'ttlMs' must be a number above 0, got 0"],
    [{ service: 'orders', origin }, NaN, "option 'ttlMs' must be a number above 0, got NaN"],
    [{ service: 'orders', origin }, '5', "option 'ttlMs' must be a number above 0, got 5"],
    [{ service: 'orders', origin }, null, "option 'ttlMs' must be a number above 0, got null"]
  ]
  for (const [given, ttl, message] of rows) t.throws(() => registry.renew(given as NodeInfo, ttl as number), { code: 'FST_BALANCE_OPTION', message }, message)
  t.same([taken(), registry.size], [[], 0])
})

test('a listener sees a registry that is whole, and may change it', async t => {
  const { registry, say, changes, node } = registryWith({ configured: [] })
  const seen: string[][] = []
  const heard: string[] = []
  registry.onChange(() => seen.push(registry.nodes('orders').map(({ id }) => id)))
  registry.onChange(({ id, reason }) => { if (reason === 'registered' && id === 'b') registry.remove('orders', id) })
  registry.onChange(change => heard.push(textOf(change)))
  say('a')
  t.same(say('b', { info: { origin } }), { kind: 'accepted', id: 'b', state: 'warming', drain: false })
  t.same(changes, ['a >warming registered', 'a warming> replaced', 'b >warming registered', 'b warming> removed'])
  t.same(heard, changes, 'everybody hears the same order')
  t.same(seen, [['a'], ['b'], ['b'], []])
  t.throws(() => node('b'))
  t.same([registry.size, registry.services()], [0, []])
})

test('a listener that removes a node while it restarts removes the new process', async t => {
  const { registry, say, changes, gone, node } = registryWith()
  say('a', { incarnation: 5 })
  say('b')
  const old = node('a')
  registry.onChange(({ id, to }) => { if (id === 'b' && to === null) registry.remove('orders', 'a') })
  say('a', { incarnation: 6, info: { origin: originOfId('b') } })
  t.same(changes, ['a >warming registered', 'b >warming registered', 'b warming> replaced', 'a warming> removed'])
  t.equal(gone.indexOf(old), 1, 'after b, and before the new one')
  t.equal(gone.length, 3)
  t.equal(registry.size, 0)
})

test('a listener may forget and register while the sweep runs', async t => {
  const { registry, say, clock, changes } = registryWith({ configured: [] })
  registry.onChange(({ id, to }) => {
    if (to !== 'expired') return
    registry.remove('orders', id)
    if (id === 'a') say('c')
  })
  say('a')
  say('b')
  clock.advance(ttlMs + sweepMs)
  t.same(changes.slice(2), [
    'a warming>expired lease-over', 'b warming>expired lease-over', 'a expired> removed', 'c >warming registered', 'b expired> removed'
  ])
  t.same(registry.nodes('orders').map(({ id }) => id), ['c'])
})

test('who unsubscribes hears no more', async t => {
  const { registry, say } = registryWith()
  const heard: string[] = []
  const stops = [registry.onChange(({ id }) => heard.push(id)), registry.onGone(({ info }) => heard.push(info.id))]
  say('a')
  registry.remove('orders', 'a')
  t.same(heard, ['a', 'a', 'a'])
  stops.forEach(stop => stop())
  say('b')
  registry.remove('orders', 'b')
  t.equal(heard.length, 3)
})
