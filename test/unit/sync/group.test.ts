import { test } from 'tap'
import { NodeRegistry } from '../../../lib/registry/registry.js'
import { groupOf } from '../../../lib/sync/group.js'
import { ManualClock } from '../../support/clock.js'
import { SharedMemory } from '../../support/shared-memory.js'
import { messageOf } from '../registry/fixtures.js'
import { pass, settled, storeWith } from './fixtures.js'
import type { GroupParts } from '../../../lib/sync/group.js'
import type { RegistryStore } from '../../../types/index.js'

function groupWith (store: RegistryStore | null, given: Partial<GroupParts> = {}) {
  const clock = new ManualClock()
  const registry = new NodeRegistry(clock, ['orders'], () => ({ slowStartMs: 0, panicThreshold: 0 }))
  const nothing = (): void => {}
  const group = groupOf(store, { id: 'me', machine: 'here', registry, clock, random: () => 0.5, gateways: [], isFit: () => true, troubled: nothing, refused: nothing, failed: nothing, ...given })
  return { group, clock, registry }
}

test('without a store a gateway is alone: nodes beat all gateways, and nobody leads', async t => {
  const { group, registry, clock } = groupWith(null, { gateways: ['http://10.0.0.9:1'] })
  await group.start()
  group.listens('http://10.0.0.1:1')
  t.match(group, { gateways: ['http://10.0.0.9:1'], fanout: 'all', store: null, isLeader: false, isLeaderForTraffic: false })
  t.equal(group.announce(messageOf('a')).kind, 'accepted')
  t.ok(group.drain('orders', 'a', true))
  t.equal(registry.nodes('orders')[0]?.state, 'draining')
  group.onLeader(() => t.fail('nobody leads'))()
  await Promise.all([group.leave(), group.stop()])
  t.equal(clock.timers, 0)
})

test('with a store it is enough that a node beats one gateway, while the store answers and takes what it is given', async t => {
  const memory = new SharedMemory(new ManualClock())
  const { group, clock } = groupWith(memory.open())
  t.equal(group.fanout, 'all', 'nobody knows yet')
  await group.start()
  t.match(group, { fanout: 'one', store: { kind: 'memory', connected: true } })
  for (const state of ['down', 'hangs', 'read-only'] as const) {
    memory.state = state
    group.announce(messageOf('a'))
    await pass([clock], 2000)
    t.match(group, { fanout: 'all', store: { connected: false } }, state)
    memory.state = 'up'
    await pass([clock], 2500)
    t.match(group, { fanout: 'one', store: { connected: true } }, `${state} no more`)
  }
})

test('a store without a name is custom', async t => {
  t.equal(groupWith(storeWith()).group.store?.kind, 'custom')
})

test('the gateways are those that are configured and those that the store shows', async t => {
  const memory = new SharedMemory(new ManualClock())
  const { group, clock } = groupWith(memory.open(), { gateways: ['http://10.0.0.9:1', 'http://10.0.0.1:1'] })
  await group.start()
  group.listens('http://10.0.0.1:1')
  await pass([clock], 2000)
  t.same(group.gateways, ['http://10.0.0.9:1', 'http://10.0.0.1:1'])
})

test('with the store away traffic that goes to the leader alone stays where it was', async t => {
  const memory = new SharedMemory(new ManualClock())
  const [one, other] = [groupWith(memory.open()), groupWith(memory.open(), { id: 'other' })]
  for (const { group } of [one, other]) await group.start()
  await settled()
  const leads = (): unknown => [one, other].map(({ group }) => [group.isLeader, group.isLeaderForTraffic])
  t.same(leads(), [[true, true], [false, false]])
  memory.state = 'down'
  await pass([one.clock, other.clock], 10_000)
  t.same(leads(), [[false, true], [false, false]])
})

test('a gateway that leaves serves on: it shares and learns, and leads no more', async t => {
  const memory = new SharedMemory(new ManualClock())
  const { group, clock, registry } = groupWith(memory.open())
  const other = groupWith(memory.open(), { id: 'other' })
  for (const each of [group, other.group]) await each.start()
  group.listens('http://10.0.0.1:1')
  await settled()
  t.ok(group.isLeader)
  await group.leave()
  t.same(memory.gateways, [])
  t.notOk(group.isLeader)
  group.announce(messageOf('a'))
  other.group.announce(messageOf('b'))
  await pass([clock, other.clock], 1200)
  t.ok(other.group.isLeader)
  t.ok(registry.has('orders', 'b'))
  t.ok(other.registry.has('orders', 'a'))
})

test('a gateway that leaves before it has begun does not lead, and does not say that it is there', async t => {
  const memory = new SharedMemory(new ManualClock())
  const { group, clock } = groupWith(memory.open())
  await group.leave()
  await group.start()
  group.listens('http://10.0.0.1:1')
  await pass([clock], 3000)
  t.same([memory.gateways, group.isLeader, group.gateways], [[], false, []])
  await group.stop()
  t.equal(clock.timers, 0)
})
