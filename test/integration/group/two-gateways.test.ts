import Fastify from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import balance from '../../../index.js'
import agent from '../../../lib/agent.js'
import { systemClock } from '../../../lib/clock.js'
import { until } from '../../support/client.js'
import { SharedMemory } from '../../support/shared-memory.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { GatewayOptions } from '../../../types/index.js'

async function gatewayOn (t: Test, memory: SharedMemory, options: GatewayOptions = {}): Promise<{ app: FastifyInstance, address: string }> {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(balance, { store: memory.open(), drainMs: 0, ...options })
  app.all('/*', (_request, reply) => reply.balance('orders'))
  return { app, address: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

async function workerFor (t: Test, gateways: readonly string[]): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', gateways })
  app.get('/*', async () => 'here')
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

test('a node that beats one gateway is offered by both, drains on both, and is gone from both', async t => {
  const memory = new SharedMemory(systemClock)
  const [one, other] = [await gatewayOn(t, memory), await gatewayOn(t, memory)]
  const worker = await workerFor(t, [one.address])
  await until('the other gateway learns of the node', () => other.app.registry.nodes('orders').length === 1)
  t.equal(await (await fetch(other.address)).text(), 'here')
  t.equal(other.app.registry.nodes('orders')[0]?.state, 'up')

  const [node] = other.app.registry.nodes('orders')
  t.ok(other.app.registry.drain('orders', node?.id ?? ''))
  await until('the drain holds on the gateway that is beaten', () => one.app.registry.nodes('orders')[0]?.state === 'draining')
  await until('the worker is told', () => worker.agent.state === 'draining')
  one.app.registry.drain('orders', node?.id ?? '', false)
  // the worker hears of it with its next heartbeat, and says so with the one after: up to 2.2 s
  await until('the drain is revoked on both', () => other.app.registry.nodes('orders')[0]?.state === 'up', 3000)
  await worker.close()
  t.same(one.app.registry.nodes('orders'), [])
  await until('the node is gone', () => other.app.registry.nodes('orders').length === 0)
})

test('agents learn the gateways of the group, and one is enough', async t => {
  const memory = new SharedMemory(systemClock)
  const [one, other] = [await gatewayOn(t, memory), await gatewayOn(t, memory)]
  await workerFor(t, [one.address])
  const status = async ({ address }: { address: string }) => (await (await fetch(`${address}/_balance/status`)).json() as { gateway: Record<string, unknown> }).gateway
  await until('both gateways are known', () => memory.gateways.length === 2)
  await sleep(1200)
  t.same((await status(one)).gateways, [one.address, other.address].sort())
  t.same((await status(other)).store, { kind: 'memory', connected: true })
})

test('exactly one leads; when it goes the other does, with a higher token', async t => {
  const memory = new SharedMemory(systemClock)
  const [one, other] = [await gatewayOn(t, memory, { drainMs: 300 }), await gatewayOn(t, memory)]
  await until('one leads', () => one.app.registry.leader)
  t.notOk(other.app.registry.leader)
  const tokens: Array<number | null> = []
  other.app.registry.onLeader(token => tokens.push(token))
  const ready = async ({ address }: { address: string }) => (await fetch(`${address}/_balance/ready?leader`)).status
  t.same([await ready(one), await ready(other)], [200, 503])
  const drained = one.app.gateway.drain()
  t.equal((await fetch(`${one.address}/_balance/ready`)).status, 503)
  t.equal(await ready(one), 503)
  await until('the other leads', () => other.app.registry.leader)
  t.equal(await ready(other), 200)
  t.same(tokens, [2])
  await drained
  await t.rejects(fetch(one.address), 'a gateway that has drained takes no connections')
})

test('a gateway that is started again knows the nodes before it listens', async t => {
  const memory = new SharedMemory(systemClock)
  const one = await gatewayOn(t, memory)
  await workerFor(t, [one.address])
  await until('the node is shared', () => memory.leases.size === 1)
  const other = await gatewayOn(t, memory, { warmUpMs: 0 })
  t.equal((await fetch(other.address)).status, 200)
})
