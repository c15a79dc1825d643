import Fastify from 'fastify'
import { test } from 'tap'
import { Traffic } from '../../../lib/health/traffic.js'
import { operationsRoutes } from '../../../lib/operations/routes.js'
import { registryWith } from '../registry/fixtures.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { StatusSources } from '../../../lib/operations/status.js'

interface GatewayIs { readonly leads: boolean, readonly unready?: ReturnType<StatusSources['unreadyBecause']> }

/** The probes of a gateway that gets the leader's traffic, or does not. */
async function probesOf (t: Test, { leads, unready = null }: GatewayIs): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  operationsRoutes(app, { prefix: '/_balance', authorize: null, production: true }, {
    id: 'gateway-1',
    startedAt: 0,
    registry: registryWith().registry,
    traffic: new Traffic(),
    strategyOf: () => 'adaptive',
    queuedOf: () => 0,
    ejectionsOf: () => ({ ejections: 0, ejectionsSuppressed: 0 }),
    unreadyBecause: () => unready,
    group: { gateways: [], store: null, isLeader: false, isLeaderForTraffic: leads },
    pressure: () => null
  })
  await app.ready()
  return app
}

test('?leader asks whether this gateway is the one that traffic for a single gateway goes to', async t => {
  const rows: ReadonlyArray<readonly [is: GatewayIs, query: string, statusCode: number, body: object]> = [
    [{ leads: true }, '', 200, { ready: true }],
    [{ leads: false }, '', 200, { ready: true }],
    [{ leads: true }, '?leader', 200, { ready: true }],
    [{ leads: false }, '?leader', 503, { ready: false, reason: 'not-leader' }],
    [{ leads: false }, '?leader=1', 503, { ready: false, reason: 'not-leader' }],
    [{ leads: false }, '?follower', 200, { ready: true }],
    [{ leads: true, unready: 'draining' }, '?leader', 503, { ready: false, reason: 'draining' }],
    [{ leads: false, unready: 'under-pressure' }, '?leader', 503, { ready: false, reason: 'under-pressure' }],
    [{ leads: false, unready: 'closing' }, '', 503, { ready: false, reason: 'closing' }]
  ]
  for (const [is, query, statusCode, body] of rows) {
    const app = await probesOf(t, is)
    const answer = await app.inject({ url: `/_balance/ready${query}`, remoteAddress: '192.0.2.7' })
    t.same([answer.statusCode, answer.json(), answer.headers['cache-control']], [statusCode, body, 'no-store'], `${JSON.stringify(is)} ${query}`)
  }
})
