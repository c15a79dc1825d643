import { test } from 'tap'
import { logRegistry } from '../../../lib/operations/log.js'
import { registryWith, ttlMs } from '../registry/fixtures.js'
import type { FastifyBaseLogger } from 'fastify'
import type { RegistryFixture } from '../registry/fixtures.js'

interface LogFixture extends RegistryFixture {
  /** What was logged since the last call: its level, its fields, its message. */
  readonly logged: () => Array<readonly [level: string, fields: object, message: string]>
  readonly look: () => void
}

function loggedRegistryWith (given: Parameters<typeof registryWith>[0] = {}): LogFixture {
  const fixture = registryWith(given)
  const lines: Array<readonly [string, object, string]> = []
  const note = (level: string) => (fields: object, message: string): void => { lines.push([level, fields, message]) }
  const look = logRegistry(fixture.registry, { info: note('info'), warn: note('warn') } as unknown as FastifyBaseLogger)
  return { ...fixture, look, logged: () => lines.splice(0) }
}

const lost = ['warn', { service: 'orders' }, 'no heartbeat comes through any more: the nodes are offered still, and forgotten when they do not answer either'] as const
const found = ['info', { service: 'orders' }, 'heartbeats come through again'] as const
const equalized = ['warn', { service: 'orders' }, 'every node has weight 0, so all count the same'] as const

/** What concerns a service, without the transitions of nodes. */
const ofServices = ({ logged }: LogFixture): unknown[] => logged().filter(([, , message]) => message !== 'node changed state')

test('every transition of a node is logged', async t => {
  const { say, registry, logged } = loggedRegistryWith()
  say('a')
  registry.drain('orders', 'a')
  t.same(logged(), [
    ['info', { node: 'a', service: 'orders', origin: 'http://10.0.0.1:3000', from: null, to: 'warming', reason: 'registered' }, 'node changed state'],
    ['info', { node: 'a', service: 'orders', origin: 'http://10.0.0.1:3000', from: 'warming', to: 'draining', reason: 'drain-requested' }, 'node changed state']
  ])
})

test('the loss of all heartbeats is logged when it begins and when it ends, once', async t => {
  const fixture = loggedRegistryWith()
  const { say, clock, look } = fixture
  say('a')
  say('b')
  look()
  clock.advance(ttlMs)
  look()
  look()
  t.same(ofServices(fixture), [lost])
  say('a')
  look()
  look()
  t.same(ofServices(fixture), [found])
  clock.advance(ttlMs)
  look()
  t.same(ofServices(fixture), [lost], 'and again when it begins again')
})

test('the loss of some heartbeats is not that of all', async t => {
  const fixture = loggedRegistryWith()
  const { say, clock, look } = fixture
  say('a')
  say('b', { ttlMs: 60_000 })
  clock.advance(ttlMs)
  look()
  t.same(ofServices(fixture), [])
})

test('static nodes and services without nodes have no heartbeats to lose', async t => {
  const fixture = loggedRegistryWith({ configured: ['orders', 'empty'], nodes: [{ id: 's' }] })
  fixture.look()
  t.same(ofServices(fixture), [])
  fixture.say('a')
  fixture.clock.advance(ttlMs)
  fixture.look()
  t.same(ofServices(fixture), [lost], 'a static node beside the silent ones changes nothing')
})

test('silent nodes that are forgotten end the loss', async t => {
  const fixture = loggedRegistryWith()
  fixture.say('a')
  fixture.clock.advance(ttlMs)
  fixture.look()
  fixture.clock.advance(61_000)
  fixture.look()
  t.same(ofServices(fixture), [lost, found])
})

test('a service that ends with its silent nodes is forgotten — and begins anew when it comes back', async t => {
  const fixture = loggedRegistryWith({ configured: [] })
  const { say, clock, look, registry } = fixture
  say('a')
  clock.advance(ttlMs)
  look()
  t.same(ofServices(fixture), [lost])
  clock.advance(61_000)
  t.same(registry.services(), [])
  look()
  say('a')
  look()
  t.same(ofServices(fixture), [], 'nothing came through again, for there was no such service')
  clock.advance(ttlMs)
  look()
  t.same(ofServices(fixture), [lost])
})

test('a service whose weights are all 0 is warned of once — and again after it was not so', async t => {
  const fixture = loggedRegistryWith({ nodes: [{ id: 'a', weight: 0 }, { id: 'b', weight: 0 }] })
  fixture.look()
  fixture.look()
  t.same(ofServices(fixture), [equalized])
  fixture.say('c')
  fixture.look()
  fixture.registry.remove('orders', 'c')
  fixture.look()
  t.same(ofServices(fixture), [equalized])
})
