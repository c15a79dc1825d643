import { test } from 'tap'
import { nodeStatusOf } from '../../../lib/registry/node-status.js'
import { registryWith, rules } from './fixtures.js'
import { nodeWith } from '../node/fixtures.js'
import type { Entry } from '../../../lib/registry/service-nodes.js'
import type { ChangeReason, Node, NodeState, NodeStatus } from '../../../types/index.js'

const now = 100_000
const load = { eventLoopUtilization: 0.5, eventLoopDelayMs: 1, heapUsedBytes: 2, rssBytes: 3, inFlight: 4, underPressure: false }
const entryOf = (node: Node, state: NodeState = 'up', reason: ChangeReason = 'registered'): Entry => ({ node, state, reason, incarnation: null, seq: null, heardHere: true, ttlMs: 3000, isCarried: false, answeredAt: -Infinity })
const statusOf = (entry: Entry): NodeStatus => nodeStatusOf(entry, now, rules, new Map())

test('a node is told of as plain data, with durations instead of instants', async t => {
  const node = nodeWith({
    info: { id: 'b', weight: 4, zone: 'eu', version: '2', tags: { gpu: '1' }, address: '10.0.0.1' },
    inFlight: 3,
    load,
    leaseUntil: now + 2100.4,
    upSince: now - 5000,
    ejectedUntil: now - 1
  })
  const status = nodeStatusOf(entryOf(node, 'warming'), now, rules, new Map([[node, 2]]))
  t.same(status, {
    id: 'b',
    service: 'orders',
    origin: 'http://10.0.0.1:3000',
    state: 'warming',
    reason: 'registered',
    weight: 4,
    effectiveWeight: 2,
    inFlight: 3,
    leaseMs: 2100,
    ejectedMs: null,
    zone: 'eu',
    version: '2',
    tags: { gpu: '1' },
    static: false,
    load
  })
  t.same(JSON.parse(JSON.stringify(status)), status)
})

test('durations end at 0, and those that never end are null', async t => {
  t.match(statusOf(entryOf(nodeWith({}))), { leaseMs: null, ejectedMs: null })
  t.match(statusOf(entryOf(nodeWith({ leaseUntil: now - 5000 }))), { leaseMs: 0, state: 'expired' })
  t.match(statusOf(entryOf(nodeWith({ ejectedUntil: now + 700 }), 'ejected', 'ejected')), { ejectedMs: 700, state: 'ejected', reason: 'ejected' })
  t.match(statusOf(entryOf(nodeWith({ ejectedUntil: now }))), { ejectedMs: null, state: 'up' })
})

test('a node that is not offered has no effective weight', async t => {
  t.equal(statusOf(entryOf(nodeWith({ info: { weight: 3 } }))).effectiveWeight, 0)
})

test('a node that is up needs no reason, any other has one', async t => {
  t.equal(statusOf(entryOf(nodeWith({}), 'up', 'renewed')).reason, null)
  t.equal(statusOf(entryOf(nodeWith({ draining: true }), 'draining', 'drain-announced')).reason, 'drain-announced')
})

test('the reason is that of the state of now — also before the sweep has announced it', async t => {
  t.match(statusOf(entryOf(nodeWith({ leaseUntil: now }), 'up', 'registered')), { state: 'expired', reason: 'lease-over' })
  t.match(statusOf(entryOf(nodeWith({ ejectedUntil: now, upSince: now }), 'ejected', 'ejected')), { state: 'warming', reason: 'ejection-over' })
})

test('the registry tells of the weight that a node is picked with now', async t => {
  const { say, status, clock, registry } = registryWith()
  say('a', { ttlMs: 60_000, info: { weight: 2 } })
  say('b', { ttlMs: 60_000, info: { weight: 0 } })
  clock.advance(5000)
  t.match(status('a'), { state: 'warming', weight: 2, effectiveWeight: 1 })
  t.match(status('b'), { state: 'warming', weight: 0, effectiveWeight: 0 })
  registry.drain('orders', 'a')
  t.match(status('a'), { state: 'draining', reason: 'drain-requested', effectiveWeight: 2 }, 'nobody else is left')
})
