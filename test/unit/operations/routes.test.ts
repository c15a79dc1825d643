import Fastify from 'fastify'
import { test } from 'tap'
import balance from '../../../index.js'
import { operationsRoutes } from '../../../lib/operations/routes.js'
import { Traffic } from '../../../lib/health/traffic.js'
import { registryWith } from '../registry/fixtures.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { OperationsAccess } from '../../../lib/operations/routes.js'
import type { StatusSources } from '../../../lib/operations/status.js'

interface RoutesWith extends Partial<OperationsAccess> {
  readonly sources?: Partial<StatusSources>
  /** Runs before the routes are added. */
  readonly before?: (app: FastifyInstance) => void
}

/** An app with the operations routes alone. */
async function routesWith (t: Test, { sources = {}, before, ...access }: RoutesWith = {}): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  before?.(app)
  const { registry } = registryWith({ nodes: [{ id: 'a' }] })
  operationsRoutes(app, { prefix: '/_balance', authorize: null, production: false, ...access }, {
    id: 'gateway-1',
    startedAt: 0,
    registry,
    traffic: new Traffic(),
    strategyOf: () => 'adaptive',
    queuedOf: () => 7,
    ejectionsOf: () => ({ ejections: 2, ejectionsSuppressed: 3 }),
    unreadyBecause: () => null,
    group: { gateways: [], store: null, isLeader: false, isLeaderForTraffic: false },
    pressure: () => null,
    ...sources
  })
  await app.ready()
  return app
}

const strangers = { remoteAddress: '192.0.2.7' }
const statusOf = async (app: FastifyInstance, url: string, given: object = {}): Promise<number> => (await app.inject({ url, ...given })).statusCode

test('the probes are open to all, and say nothing but how the gateway is', async t => {
  const app = await routesWith(t)
  for (const [url, body] of [['/_balance/live', { live: true }], ['/_balance/ready', { ready: true }]] as const) {
    const answer = await app.inject({ url, ...strangers })
    t.equal(answer.statusCode, 200, url)
    t.same(answer.json(), body)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(await statusOf(app, url, { method: 'HEAD', ...strangers }), 200, `HEAD ${url}`)
  }
})

test('a gateway that should get no traffic is not ready, and says why — and lives', async t => {
  for (const reason of ['closing', 'under-pressure'] as const) {
    const app = await routesWith(t, { sources: { unreadyBecause: () => reason } })
    const answer = await app.inject({ url: '/_balance/ready', ...strangers })
    t.equal(answer.statusCode, 503)
    t.same(answer.json(), { ready: false, reason })
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(await statusOf(app, '/_balance/live'), 200)
    t.match((await app.inject('/_balance/status')).json(), { gateway: { ready: false } })
  }
})

test('in production there is nothing but the probes — unless authorize is given', async t => {
  const closed = await routesWith(t, { production: true })
  t.same(await Promise.all(['live', 'ready', 'status'].map(name => statusOf(closed, `/_balance/${name}`))), [200, 200, 404])
  const opened = await routesWith(t, { production: true, authorize: () => true })
  t.same(await Promise.all(['live', 'ready', 'status'].map(name => statusOf(opened, `/_balance/${name}`, strangers))), [200, 200, 200])
})

test('the status is for this machine alone', async t => {
  const app = await routesWith(t)
  t.equal(await statusOf(app, '/_balance/status'), 200)
  const refused = await app.inject({ url: '/_balance/status', ...strangers })
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { code: 'FST_BALANCE_FORBIDDEN', message: 'Only this machine may ask; give operations.authorize to let others in' })
  t.equal(await statusOf(app, '/_balance/status', { headers: { 'x-forwarded-for': '127.0.0.1' } }), 403, 'what came through a proxy is another\'s')
})

test('authorize decides about the status, and not about the probes', async t => {
  const rows: ReadonlyArray<readonly [authorize: NonNullable<OperationsAccess['authorize']>, status: number]> = [
    [() => true, 200],
    [async () => true, 200],
    [() => false, 403],
    [async () => false, 403],
    [() => 'yes' as never, 403],
    [() => { throw new Error('a mistake of the app') }, 403],
    [async () => { throw new Error('a mistake of the app') }, 403],
    [request => request.headers['x-operator'] === 'me', 403]
  ]
  for (const [authorize, status] of rows) {
    const app = await routesWith(t, { authorize })
    t.equal(await statusOf(app, '/_balance/status'), status, String(authorize))
    t.equal(await statusOf(app, '/_balance/ready', strangers), 200)
  }
})

test('who authorize does not let in is told so, also on this machine', async t => {
  const app = await routesWith(t, { authorize: () => false })
  const refused = await app.inject('/_balance/status')
  t.match(refused.json(), { statusCode: 403, code: 'FST_BALANCE_FORBIDDEN', message: 'operations.authorize does not let this request in' })
})

test('the status tells of each node and service what is known', async t => {
  const app = await routesWith(t)
  const status = (await app.inject('/_balance/status')).json()
  t.match(status, {
    gateway: { id: 'gateway-1', startedAt: '1970-01-01T00:00:00.000Z', ready: true, leader: false, store: null, pressure: null },
    services: [{
      name: 'orders',
      strategy: 'adaptive',
      panic: false,
      heartbeatsLost: false,
      queued: 7,
      nodes: [{ id: 'a', state: 'up', reason: null, ejectedMs: null, requests: 0, failures: 0, latencyMs: null, ejections: 2, ejectionsSuppressed: 3 }]
    }]
  })
  t.equal('service' in status.services[0].nodes[0], false, 'the name of the service stands above')
})

test("who may ask for the status is no question for the app's own routes", async t => {
  const app = await routesWith(t, { before: app => { app.get('/own', async () => 'mine') } })
  t.equal(await statusOf(app, '/own', strangers), 200)
})

test('a prefix of the operator\'s choice stands instead', async t => {
  const app = await routesWith(t, { prefix: '/internal/gateway' })
  t.same(await Promise.all(['/internal/gateway/live', '/internal/gateway/status', '/_balance/live'].map(url => statusOf(app, url))), [200, 200, 404])
})

test('a gateway that is under pressure says so', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  // as @fastify/under-pressure does it, which the app may have registered itself
  app.decorate('isUnderPressure', () => true)
  app.decorate('memoryUsage', () => ({ heapUsed: 1, rssBytes: 2, eventLoopDelay: Infinity, eventLoopUtilized: 0.5 }))
  await app.register(balance, { heartbeat: false })
  const ready = await app.inject({ url: '/_balance/ready', ...strangers })
  t.same([ready.statusCode, ready.json()], [503, { ready: false, reason: 'under-pressure' }])
  t.equal(await statusOf(app, '/_balance/live', strangers), 200)
  t.match((await app.inject('/_balance/status')).json(), {
    gateway: { ready: false, pressure: { underPressure: true, eventLoopDelayMs: null, eventLoopUtilization: 0.5, heapUsedBytes: 1, rssBytes: 2 } }
  })
})

test('with operations: false there are no such routes', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(balance, { heartbeat: false, pressure: false, operations: false })
  t.same(await Promise.all(['live', 'ready', 'status'].map(name => statusOf(app, `/_balance/${name}`))), [404, 404, 404])
})
