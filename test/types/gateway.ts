// The declarations that are published (dist), as a user of the gateway meets them. Compiling is the test.
import Fastify from 'fastify'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import balance, { balance as named, errors } from 'fastify-balance'
import type { BalanceOptions, CallOptions, GatewayOptions, NodeChange, NodeInfo, NodeState, NodeStatus, Registry, RouteOptions, ServiceOptions, StaticNode, StrategyFactory, StrategyName } from 'fastify-balance'
import { is } from './equal.js'
import type { Equal } from './equal.js'

is<Equal<typeof balance, FastifyPluginAsync<GatewayOptions>>>()
is<Equal<typeof named, typeof balance>>()

const app = Fastify()

app.register(balance)
app.register(balance, {})
app.register(balance, {
  heartbeat: { path: '/heartbeat', secret: 'a secret of at least 16', allow: { cidrs: ['10.0.0.0/8'], ports: [3000], hosts: ['.internal'] }, services: ['orders'], intervalMs: 1000, missed: 3, maxNodes: 10 },
  defaults: { attempts: 2, slowStartMs: 0 },
  services: {
    users: { nodes: ['http://10.0.0.5:3000', { origin: 'http://10.0.0.6:3000', weight: 3, zone: 'a', tags: { canary: 'yes' } }] },
    orders: { strategy: 'least-connections', panicThreshold: 0, tls: { rejectUnauthorized: false } },
    own: { strategy: () => ({ pick: ([first]) => first }), retryOn: [503], idempotent: request => request.method === 'REPORT', filter: (node, request) => node.version === request.headers['x-version'] }
  },
  gateways: ['http://10.0.0.2:8080'],
  pressure: { maxEventLoopDelay: 1000 },
  operations: { prefix: '/_balance', authorize: async request => request.headers.authorization === 'yes' }
})
app.register(balance, { heartbeat: false, pressure: false, operations: false })
app.register(balance, { heartbeat: { secret: false } })
app.register(balance, { heartbeat: { secrets: [{ id: 'new', secret: 'a secret of at least 16', services: ['orders'] }], authenticate: () => true } })

// @ts-expect-error no such strategy
app.register(balance, { services: { users: { strategy: 'round-robin' } } })
// @ts-expect-error no such option
app.register(balance, { services: { users: { strategie: 'random' } } })
// @ts-expect-error a node has an origin
app.register(balance, { services: { users: { nodes: [{ id: 'a' }] } } })
// @ts-expect-error nodes belong to a service
app.register(balance, { defaults: { nodes: [] } })
// @ts-expect-error a duration is a number
app.register(balance, { defaults: { timeoutMs: '1s' } })
// @ts-expect-error true is the default, options or false are said
app.register(balance, { heartbeat: true })

app.get('/users/*', (_request, reply) => reply.balance('users'))
app.get('/orders', { config: { balance: { service: 'orders', strategy: 'random', attempts: 1 } } }, (_request, reply) => reply.balance())
app.post('/calls', (request, reply) => reply.balance('users', {
  path: '/v2/calls',
  body: { a: 1 },
  contentType: 'application/json',
  method: 'PUT',
  queryString: { a: 1 },
  rewriteHeaders: headers => ({ ...headers, 'x-a': 'b' }),
  rewriteRequestHeaders: (request, headers) => ({ ...headers, 'x-id': request.id }),
  onResponse: (_request, reply, response) => { reply.send(response.stream) },
  onError: (reply, { error }) => { reply.send(error) },
  timeout: 0,
  idempotent: true,
  timeoutMs: 1000
}))
// As an app writes them: what is undefined is as if it were not there, and a hook may be async.
app.register(balance, { heartbeat: { secret: process.env['HEARTBEAT_SECRET'] }, operations: { authorize: async () => true } })
app.post('/login', (_request, reply) => reply.balance('users', {
  onError: (reply, { error }) => reply.code(error.statusCode ?? 502).send({ sorry: error.code })
}))
app.post('/expression', (_request, reply) => reply.balance('users', { onResponse: (_request, reply, response) => reply.send(response.stream) }))
app.post('/async', async (_request, reply) => reply.balance('users', {
  onResponse: async (_request, reply, response) => { reply.send(response.stream) },
  onError: async (reply, { error }) => { reply.code(error.statusCode ?? 502).send({ sorry: error.code }) }
}))
app.post('/mistaken', (_request, reply) => reply.balance('users', {
  // @ts-expect-error an error need not have a status
  onError: (reply, { error }) => reply.code(error.statusCode).send()
}))
app.get('/returns', (_request, reply) => {
  is<Equal<ReturnType<typeof reply.balance>, typeof reply>>()
  return reply.balance('users')
})
app.get('/mistakes', (_request, reply) => {
  // @ts-expect-error the service is a string
  reply.balance(1)
  // @ts-expect-error the service is named by the call or the route, not by the options of the call
  reply.balance('users', { service: 'users' })
  // @ts-expect-error the node is chosen by the strategy
  reply.balance('users', { getUpstream: () => 'http://10.0.0.5' })
  // @ts-expect-error the own options of reply.from() for repeating are replaced by failover
  return reply.balance('users', { retriesCount: 1 })
})
// @ts-expect-error a wrong value in the config of a route
app.get('/route', { config: { balance: { attempts: 'three' } } }, (_request, reply) => reply.balance('users'))

is<Equal<typeof app.registry, Registry>>()
is<Equal<ReturnType<Registry['services']>, string[]>>()
is<Equal<ReturnType<Registry['nodes']>, readonly NodeStatus[]>>()
is<Equal<NodeStatus['state'], NodeState>>()
is<Equal<NodeState, 'expired' | 'draining' | 'ejected' | 'warming' | 'up'>>()
app.registry.renew({ service: 'orders', origin: 'http://10.0.0.7:3000' })
app.registry.renew({ service: 'orders', origin: 'http://10.0.0.7:3000', weight: 2, tags: { a: 'b' } }, 5000)
// @ts-expect-error a node has an origin
app.registry.renew({ service: 'orders' })
is<Equal<ReturnType<Registry['remove']>, boolean>>()
is<Equal<Parameters<Registry['drain']>[2], boolean | undefined>>()
is<Equal<ReturnType<Registry['onChange']>, () => void>>()
app.registry.onChange(change => {
  is<Equal<typeof change, NodeChange>>()
  is<Equal<typeof change.from, NodeState | null>>()
})
// @ts-expect-error what is told of a node is not changed from outside
for (const node of app.registry.nodes('users')) node.inFlight = 0

is<Equal<BalanceOptions['strategy'], StrategyName | StrategyFactory | undefined>>()
is<Equal<Parameters<NonNullable<BalanceOptions['filter']>>, [node: Readonly<NodeInfo>, request: FastifyRequest]>>()
is<Equal<RouteOptions['service'], string | undefined>>()
is<Equal<StaticNode['weight'], number | undefined>>()
is<CallOptions extends BalanceOptions ? true : false>()
is<ServiceOptions extends BalanceOptions ? true : false>()

is<Equal<InstanceType<typeof errors.NoNodeError>['code'], 'FST_BALANCE_NO_NODE'>>()
is<Equal<InstanceType<typeof errors.TimeoutError>['statusCode'], 504>>()
