import { test } from 'tap'
import { beat, gatewayWith, secret, signed } from './fixtures.js'

const least = { service: 'orders', port: 3000 }

test('the least heartbeat registers a node with every default', async t => {
  const { app, registry } = await gatewayWith(t, { group: { gateways: ['http://10.0.0.2:8080'], fanout: 'all' } })
  const response = await beat(app, least)
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    id: '127.0.0.1:3000', service: 'orders', state: 'warming', intervalMs: 1000, ttlMs: 3000, gateways: ['http://10.0.0.2:8080'], fanout: 'all', drain: false
  })
  t.same(registry.announcements, [{
    info: { service: 'orders', id: '127.0.0.1:3000', origin: 'http://127.0.0.1:3000', address: null, weight: 1, zone: null, version: null, tags: {}, static: false },
    state: 'up',
    incarnation: null,
    seq: null,
    load: null,
    ttlMs: 3000,
    heardHere: true
  }])
})

test('everything that a node says reaches the registry, frozen', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { intervalMs: 500, missed: 4, secret } })
  const said = { weight: 7, tags: { team: 'x' }, zone: 'a', version: '2' }
  const body = JSON.stringify({
    ...said, service: 'orders', id: 'orders-1', origin: 'https://10.0.0.5', state: 'draining', incarnation: 9, seq: 0, load: { inFlight: 3, underPressure: true }, static: true
  })
  const response = await beat(app, body, { from: '10.0.0.5', headers: signed(body) })
  t.match(response.json(), { id: 'orders-1', state: 'draining', intervalMs: 500, ttlMs: 2000 })
  const [announcement] = registry.announcements
  t.same(announcement, {
    info: { ...said, service: 'orders', id: 'orders-1', origin: 'https://10.0.0.5', address: null, static: false },
    state: 'draining',
    incarnation: 9,
    seq: 0,
    load: { eventLoopUtilization: null, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: null, inFlight: 3, underPressure: true },
    ttlMs: 2000,
    heardHere: true
  })
  for (const part of [announcement, announcement?.info, announcement?.info.tags, announcement?.load]) t.ok(Object.isFrozen(part))
})

test('an empty zone or version is none', async t => {
  const { app, registry } = await gatewayWith(t)
  await beat(app, { ...least, zone: '', version: '' })
  t.match(registry.announcements, [{ info: { zone: null, version: null } }])
})

test('the id of a node is host:port, unless it has another', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { allow: { hosts: ['.example'] } }, lookup: async () => ['10.0.0.7'] })
  const idOf = async (body: object, from = '127.0.0.1') => (await beat(app, { service: 'orders', ...body }, { from })).json().id
  t.equal(await idOf({ port: 80 }), '127.0.0.1:80')
  t.equal(await idOf({ port: 3000 }, '::1'), '::1:3000')
  t.equal(await idOf({ origin: 'https://a.example' }), 'a.example:443')
  t.equal(await idOf({ port: 80, id: 'mine' }), 'mine')
  const response = await beat(app, { service: 'orders', origin: 'http://a+b.example' })
  t.match(response.json(), { statusCode: 400, code: 'FST_ERR_VALIDATION', message: /field 'id' must be given/ })
})

test('a host name is dialled at its checked address', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { allow: { hosts: ['.example'] } }, lookup: async () => ['10.0.0.7'] })
  t.equal((await beat(app, { service: 'orders', origin: 'http://a.example:3000' })).statusCode, 200)
  t.match(registry.announcements, [{ info: { origin: 'http://a.example:3000', address: '10.0.0.7' } }])
})

test('an address that may not be registered is a 403', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { allow: { ports: [3000] } }, listening: () => ['127.0.0.1:3000'] })
  const forbidden = { statusCode: 403, code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN' }
  t.match((await beat(app, { service: 'orders', origin: 'http://203.0.113.9:3000' })).json(), forbidden)
  t.match((await beat(app, least)).json(), { ...forbidden, message: /this gateway itself/ })
  t.match((await beat(app, { service: 'orders', port: 22 })).json(), { ...forbidden, message: /port 22/ })
  t.equal(registry.announcements.length, 0)
})

test('behind a proxy on this machine nobody registers the machine itself', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { secret } })
  const body = JSON.stringify(least)
  const response = await beat(app, body, { headers: { ...signed(body), 'x-forwarded-for': '10.0.0.5' } })
  t.match(response.json(), { statusCode: 403, message: /127\.0\.0\.1 is a loopback address/ })
})

test('only the services that the options name are heard of', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { services: ['users'] } })
  t.match((await beat(app, least)).json(), { statusCode: 403, code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN', message: /'orders' is not allowed/ })
  t.equal((await beat(app, { ...least, service: 'users' })).statusCode, 200)
})

test('a wrong body is a 400 with the code of validation', async t => {
  const { app, registry } = await gatewayWith(t)
  const rows: ReadonlyArray<readonly [body: unknown, message: RegExp]> = [
    ['{"service":', /the body must be a JSON object$/],
    ['', /the body must be a JSON object$/],
    ['[]', /the body must be a JSON object$/],
    [{ ...least, port: '3000' }, /field 'port' must be an integer between 1 and 65535, got '3000'$/],
    [{ service: 'orders' }, /one of the fields 'origin' and 'port' must be given, got none$/]
  ]
  for (const [body, message] of rows) {
    t.match((await beat(app, body)).json(), { statusCode: 400, code: 'FST_ERR_VALIDATION', error: 'Bad Request', message })
  }
  t.equal((await app.inject({ method: 'POST', url: '/heartbeat' })).json().code, 'FST_ERR_VALIDATION', 'no body at all')
  t.equal(registry.announcements.length, 0)
})

test('other content types are a 415, a large body is a 413, also where the app parses them', async t => {
  const { app } = await gatewayWith(t, { prepare: parent => parent.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body)) })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json-patch+json', 'nonsense']) {
    t.match((await beat(app, least, { headers: { 'content-type': type } })).json(), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', error: 'Unsupported Media Type' }, type)
  }
  t.equal((await beat(app, least, { headers: { 'content-type': 'application/json; charset=utf-8' } })).statusCode, 200)
  const padded = (bytes: number) => JSON.stringify(least).padEnd(bytes)
  t.equal((await beat(app, padded(16_384))).statusCode, 200)
  t.match((await beat(app, padded(16_385))).json(), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE', error: 'Payload Too Large' })
})

test('an id that a higher incarnation holds is a 409 that tells it', async t => {
  const { app, registry } = await gatewayWith(t)
  registry.verdict = { kind: 'superseded', incarnation: 12 }
  t.same((await beat(app, { ...least, id: 'a', incarnation: 3 })).json(), {
    statusCode: 409, code: 'FST_BALANCE_HEARTBEAT_SUPERSEDED', error: 'Conflict', message: "The id 'a' is held by incarnation 12", incarnation: 12, sameOrigin: false
  })
})

test('a 409 tells whether who holds the id is at the same origin', async t => {
  const { app, registry } = await gatewayWith(t)
  registry.verdict = { kind: 'superseded', incarnation: 12 }
  const [here, there] = ['http://127.0.0.1:3000', 'http://127.0.0.1:3001']
  const rows = [
    ['it is', { id: 'a', origin: here, static: false }, true],
    ['it is elsewhere', { id: 'a', origin: there, static: false }, false],
    ['another node is here', { id: 'b', origin: here, static: false }, false],
    ['a static node is here, which takes in what comes for its origin', { id: 'b', origin: here, static: true }, true],
    ['a static node elsewhere has the id', { id: 'a', origin: there, static: true }, false]
  ] as const
  for (const [name, node, sameOrigin] of rows) {
    registry.nodesKnown = [node]
    t.equal((await beat(app, { ...least, id: 'a', incarnation: 3 })).json().sameOrigin, sameOrigin, name)
  }
})

test('the verdict of the registry is the answer', async t => {
  const { app, registry } = await gatewayWith(t)
  registry.verdict = { kind: 'seen', id: 'a', state: 'draining', drain: true }
  t.match((await beat(app, { ...least, id: 'a' })).json(), { id: 'a', state: 'draining', drain: true })
})

test('a full gateway takes no new node, but hears those it knows and those that leave', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { maxNodes: 2 } })
  registry.size = 2
  registry.known = ['orders/known']
  const refused = await beat(app, { ...least, id: 'new' })
  t.match(refused.json(), { statusCode: 429, code: 'FST_BALANCE_HEARTBEAT_LIMIT', error: 'Too Many Requests', message: /2 nodes already/ })
  t.equal(refused.headers['retry-after'], '3')
  t.equal((await beat(app, { ...least, id: 'new', state: 'draining' })).statusCode, 429)
  t.equal((await beat(app, { ...least, id: 'known' })).statusCode, 200)
  t.equal((await beat(app, { ...least, id: 'new', state: 'left' })).statusCode, 200)
  t.equal((await beat(app, { ...least, id: 'known', state: 'left' })).statusCode, 200)
  t.equal((await beat(app, { ...least, id: 'known', service: 'users' })).statusCode, 429, 'ids are of a service')
  registry.size = 1
  t.equal((await beat(app, { ...least, id: 'new' })).statusCode, 200)
})

test('a node that beats much too often is told to wait, but may drain and leave', async t => {
  const { app, clock, registry } = await gatewayWith(t)
  registry.known = ['orders/127.0.0.1:3000']
  for (let count = 0; count < 10; count++) t.equal((await beat(app, least)).statusCode, 200)
  const refused = await beat(app, least)
  t.match(refused.json(), { statusCode: 429, code: 'FST_BALANCE_HEARTBEAT_LIMIT', message: /beats much more often than every 1000 ms/ })
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await beat(app, { ...least, state: 'draining' })).statusCode, 200)
  t.equal((await beat(app, { ...least, state: 'left' })).statusCode, 200)
  t.equal((await beat(app, { ...least, service: 'users' })).statusCode, 200, 'another service')
  t.equal(registry.announcements.length, 13)
  clock.advance(250)
  t.equal((await beat(app, least)).statusCode, 200)
})

test('a node that is not known may drain as often as it may beat', async t => {
  const { app, registry } = await gatewayWith(t)
  for (let count = 0; count < 10; count++) t.equal((await beat(app, { ...least, state: 'draining' })).statusCode, 200)
  t.match((await beat(app, { ...least, state: 'draining' })).json(), { statusCode: 429, message: /beats much more often/ })
  t.equal((await beat(app, { ...least, port: 3001, state: 'draining' })).statusCode, 200, 'another one')
  registry.known = ['orders/127.0.0.1:3000']
  t.equal((await beat(app, { ...least, state: 'draining' })).statusCode, 200, 'and always once it is known')
})

test('goodbyes of nodes that are not known count by the key that signs them, wherever they come from', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { maxNodes: 0, secrets: [{ id: 'one', secret }, { id: 'two', secret }] } })
  const leave = async (index: number, key: string, from: string) => {
    const body = JSON.stringify({ ...least, id: `left-${index}`, state: 'left' })
    return await beat(app, body, { from, headers: signed(body, { key }) })
  }
  for (let index = 0; index < 1000; index++) await leave(index, 'one', '10.0.0.5')
  const refused = await leave(1000, 'one', '10.0.0.6')
  t.match(refused.json(), { statusCode: 429, code: 'FST_BALANCE_HEARTBEAT_LIMIT', message: "Heartbeat refused: the key 'one' has said goodbye for 1000 nodes within 10 minutes that this gateway does not know" })
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await leave(1000, 'two', '10.0.0.5')).statusCode, 200)
})

test('many nodes are told to beat more seldom', async t => {
  const { app, registry } = await gatewayWith(t)
  registry.heard = 1000
  t.match((await beat(app, least)).json(), { intervalMs: 5000, ttlMs: 15000 })
  t.match(registry.announcements, [{ ttlMs: 15000 }])
})

test('a closing gateway sends everybody to the next', async t => {
  const { app, registry } = await gatewayWith(t, { isClosing: () => true, heartbeat: { secret } })
  const response = await beat(app, least)
  t.match(response.json(), { statusCode: 503, error: 'Service Unavailable' })
  t.equal(response.headers['retry-after'], '1')
  t.equal(registry.announcements.length, 0)
})

test('only POST is there, at the path of the options', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { path: '/beat' } })
  t.equal((await beat(app, least, { url: '/beat' })).statusCode, 200)
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'] as const) t.equal((await app.inject({ method, url: '/beat' })).statusCode, 404, method)
  t.equal((await beat(app, least)).statusCode, 404)
})

test('the route opts out of what plugins do to every route', async t => {
  const routes: unknown[] = []
  await gatewayWith(t, { prepare: app => app.addHook('onRoute', ({ config, schema, logLevel }) => { routes.push({ config, schema, logLevel }) }) })
  t.match(routes, [{ config: { rateLimit: false, pressureHandler: Function }, schema: { hide: true }, logLevel: 'warn' }])
})

test('the app around the route keeps its parsers and its error handler', async t => {
  const { app } = await gatewayWith(t, {
    prepare: parent => {
      parent.setErrorHandler((error, _request, reply) => reply.code(418).send({ mine: String(error) }))
      parent.post('/echo', async request => request.body)
      parent.get('/broken', async () => { throw new Error('broken') })
    }
  })
  t.same((await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })).json(), { a: 1 })
  t.equal((await app.inject('/broken')).statusCode, 418)
  t.match((await beat(app, { service: 'orders' })).json(), { code: 'FST_ERR_VALIDATION' })
})

test('what is no trouble of heartbeats goes to the app\'s own error handler', async t => {
  const { app, registry } = await gatewayWith(t, { prepare: parent => parent.setErrorHandler((error, _request, reply) => reply.code(418).send({ mine: String(error) })) })
  registry.announce = () => { throw new Error('a defect') }
  t.same((await beat(app, least)).json(), { mine: 'Error: a defect' })
})

test('refusals are logged when they begin, not at every beat', async t => {
  const { app, warnings } = await gatewayWith(t, { heartbeat: { secret } })
  for (let count = 0; count < 5; count++) await beat(app, least, { from: '10.0.0.5' })
  t.equal(warnings.length, 1)
  t.match(warnings, [{ peer: '10.0.0.5', code: 'FST_BALANCE_HEARTBEAT_UNAUTHORIZED', msg: 'heartbeat refused' }])
})
