import { test } from 'tap'
import { send, until } from '../support/client.js'
import { gatewayWith } from '../support/gateway.js'
import { startNameServer } from '../support/name-server.js'
import { startWorker } from '../support/worker.js'
import type { GatewayFixture } from '../support/gateway.js'

const portOf = (origin: string): number => Number(new URL(origin).port)
const originsOf = ({ app }: GatewayFixture): string[] => app.registry.nodes('found').map(({ origin }) => origin).sort()
const routes = (app: GatewayFixture['app']): void => { app.all('/*', (_request, reply) => reply.balance('found')) }

test('discovery — finds the nodes of a name with SRV records: host, port and weight, of the lowest priority', async t => {
  const [a, b, backup] = [await startWorker(t), await startWorker(t), await startWorker(t)]
  const server = await startNameServer(t, {
    '_http._tcp.orders.example': {
      ttl: 60,
      srv: [
        { priority: 1, weight: 5000, port: portOf(a.origin), name: 'a.example' },
        { priority: 1, weight: 0, port: portOf(b.origin), name: 'b.example' },
        { priority: 2, weight: 1, port: portOf(backup.origin), name: 'a.example' }
      ]
    },
    'a.example': { ttl: 60, a: ['127.0.0.1'] },
    'b.example': { ttl: 60, a: ['127.0.0.1'] }
  })
  const gateway = await gatewayWith(t, { gateway: { services: { found: { discover: { srv: '_http._tcp.orders.example', servers: [server.address] } } } }, routes })
  await until('both are known', () => originsOf(gateway).length === 2)
  t.same(originsOf(gateway), [a.origin, b.origin].sort())
  t.same(gateway.app.registry.nodes('found').map(({ origin, weight, leaseMs }) => [origin, weight, leaseMs]).sort(), [[a.origin, 1000, null], [b.origin, 1, null]].sort())
  t.match(await send(gateway.origin), { status: 200 })
})

test('discovery — asks again by the time to live: who is new comes, who is gone goes, and without an answer all stay', async t => {
  const worker = await startWorker(t)
  const server = await startNameServer(t, { 'orders.example': { ttl: 1, a: ['127.0.0.1'] } })
  const discover = { a: 'orders.example', port: portOf(worker.origin), servers: [server.address] }
  const gateway = await gatewayWith(t, { gateway: { services: { found: { discover } } }, routes })
  await until('it is known', () => originsOf(gateway).join() === worker.origin)
  server.zone = { 'orders.example': { ttl: 1, a: ['127.0.0.1', '127.0.0.2'] } }
  await until('the second is known', () => originsOf(gateway).length === 2, 4000)
  server.zone = { 'orders.example': { ttl: 1, a: ['127.0.0.2'] } }
  await until('the first is gone', () => originsOf(gateway).join() === worker.origin.replace('127.0.0.1', '127.0.0.2'), 4000)
  const before = server.asked.length
  server.zone = null
  await until('it was asked again', () => server.asked.length > before + 2, 8000)
  t.equal(originsOf(gateway).length, 1)
  t.match(gateway.log.filter(({ msg }) => String(msg).startsWith('its nodes')), [{ level: 40, service: 'found' }], 'trouble is logged once')
})

test('discovery — warm-up: the first request waits for the first answer', async t => {
  const worker = await startWorker(t)
  const server = await startNameServer(t, { 'orders.example': { ttl: 60, a: ['127.0.0.1'] } })
  const discover = { a: 'orders.example', port: portOf(worker.origin), servers: [server.address] }
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 2000, services: { found: { discover } } }, routes })
  t.match(await send(gateway.origin), { status: 200 })
})
