import { test } from 'tap'
import { resolveHeartbeat } from '../../../lib/heartbeat/options.js'
import { receiver } from '../../../lib/heartbeat/receive.js'
import { ManualClock, RecordingRegistry } from './fixtures.js'
import type { Sender } from '../../../lib/heartbeat/address.js'
import type { HeartbeatOptions } from '../../../types/index.js'

interface ReceiverFixture {
  readonly clock: ManualClock
  readonly registry: RecordingRegistry
  /** Says goodbye for as many nodes, `left-0` first. Gives how many of the goodbyes were accepted. */
  readonly leave: (count: number, sender: Sender & { readonly key?: string }) => Promise<number>
}

/** What decides on heartbeats, without the route around it. */
function receiverWith (heartbeat: HeartbeatOptions = {}): ReceiverFixture {
  const clock = new ManualClock()
  const registry = new RecordingRegistry()
  const options = resolveHeartbeat({ allow: { cidrs: ['10.0.0.0/8'] }, ...heartbeat }, { production: false })
  const destinations = { allow: options.allow, own: { listening: () => [], isLocal: () => false }, lookup: async () => [] }
  const receive = receiver({ registry, options, group: { gateways: [], fanout: 'all' }, clock, destinations })
  return {
    clock,
    registry,
    async leave (count, { key = null, ...sender }) {
      const bodies = Array.from({ length: count }, (_, index) => ({ service: 'orders', origin: 'http://10.0.0.9:3000', id: `left-${index}`, state: 'left' }))
      const answers = await Promise.allSettled(bodies.map(body => receive({ bytes: Buffer.from(JSON.stringify(body)), sender, key, services: null })))
      return answers.filter(({ status }) => status === 'fulfilled').length
    }
  }
}

const stranger = { address: '10.0.0.5', isLoopback: false }
const signer = { ...stranger, key: 'default' }

test('goodbyes of nodes that are not known are taken, in 10 minutes, as many as there may be nodes and 1000 more', async t => {
  const { clock, registry, leave } = receiverWith({ maxNodes: 500 })
  t.equal(await leave(1501, signer), 1500)
  registry.known = ['orders/left-0']
  t.equal(await leave(2, signer), 1, 'a node that is known may leave')
  clock.advance(3999)
  t.equal(await leave(20, signer), 10, 'that node, and those whose time has come')
  clock.advance(600_000)
  t.equal(await leave(1502, signer), 1501)
})

test('each key has its own goodbyes', async t => {
  const { leave } = receiverWith({ maxNodes: 0 })
  t.equal(await leave(1001, signer), 1000)
  t.equal(await leave(1, { ...signer, key: 'next' }), 1)
})

test('where there are no keys, each sender has its own goodbyes — and this machine is one, whichever of its addresses it uses', async t => {
  const { leave } = receiverWith({ maxNodes: 0 })
  for (const sender of [stranger, { address: null, isLoopback: false }, { address: '127.0.0.1', isLoopback: true }]) t.equal(await leave(1001, sender), 1000, String(sender.address))
  t.equal(await leave(1, { ...stranger, address: '10.0.0.6' }), 1)
  t.equal(await leave(1, { address: '127.0.0.2', isLoopback: true }), 0)
})

test('a rolling restart of 10,000 nodes has all its goodbyes heard, also where none of them is known', async t => {
  const { leave } = receiverWith()
  t.equal(await leave(10_000, signer), 10_000)
})
