import { test } from 'tap'
import { callLayerOf, layerOver, resolveRoute } from '../../../lib/options/balance.js'
import { resolveGateway } from '../../../lib/options/gateway.js'
import type { BalanceOptions, GatewayOptions, RouteOptions, ServiceOptions } from '../../../types/index.js'

/** As a user without types would write it. */
const resolveAny = (options: unknown) => resolveGateway(options as GatewayOptions)
const resolveUsers = (options: unknown) => resolveAny({ services: { users: options } }).services.get('users')
const routeOfAny = (config: unknown) => resolveRoute(config as RouteOptions, 'config.balance')
const nothing = (): void => {}
const balance = resolveGateway({}).defaults.balance

/** Whether nothing in it can be changed; functions, Buffers and Sets are left as they are. */
function isFrozenDeep (value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value) || value instanceof Set || value instanceof Map) return true
  return Object.isFrozen(value) && Object.values(value).every(isFrozenDeep)
}

const balanceDefaults = {
  strategy: 'adaptive', filter: null, attempts: 3, retryOn: new Set([502, 503, 504]), idempotent: null, connectTimeoutMs: 1000, attemptTimeoutMs: 30_000, timeoutMs: 60_000, replayBytes: 65_536, forwarded: true, hedge: false
}
const serviceDefaults = {
  balance: balanceDefaults,
  nodes: [],
  discover: null,
  slowStartMs: 10_000,
  panicThreshold: 0.5,
  ejection: { consecutive: 5, connect: 3, silenceMs: 1000, successRatio: 0.8, windowMs: 10_000, minRequests: 10, baseMs: 1000, maxMs: 60_000, maxRatio: 0.5 },
  retryBudget: { ratio: 0.2, perSecond: 10 },
  maxInFlight: 1024,
  queue: { size: 1024, timeoutMs: 1000 },
  health: false,
  tls: null
}

test('what is not given has its default', async t => {
  const resolved = resolveGateway({})
  t.same(resolved, {
    services: new Map(), defaults: serviceDefaults, heartbeat: undefined, store: null, gateways: [], address: null, drainMs: 0, pressure: {}, warmUpMs: 2000, operations: { prefix: '/_balance', authorize: null }
  })
  t.same(resolveAny({ services: undefined, defaults: undefined, heartbeat: undefined, gateways: undefined, pressure: undefined, operations: undefined }), resolved)
})

test('a service without options has those of all', async t => {
  t.same(resolveUsers({}), serviceDefaults)
  t.same(resolveUsers(undefined), serviceDefaults)
  t.same(resolveUsers(Object.fromEntries(['nodes', 'slowStartMs', 'panicThreshold', 'tls', ...Object.keys(balanceDefaults)].map(key => [key, undefined]))), serviceDefaults)
})

test('zero is zero, and false is false', async t => {
  t.match(resolveUsers({ slowStartMs: 0, panicThreshold: 0, replayBytes: 0, forwarded: false, idempotent: false, retryOn: [] }), {
    slowStartMs: 0, panicThreshold: 0, balance: { replayBytes: 0, forwarded: false, idempotent: false, retryOn: new Set() }
  })
  t.match(resolveAny({ heartbeat: false, pressure: false, operations: false }), { heartbeat: false, pressure: false, operations: false })
  t.same(resolveAny({ pressure: { maxEventLoopDelay: 0, retryAfter: 0 } }).pressure, { maxEventLoopDelay: 0, retryAfter: 0 })
})

test('a layer wins over those before it, field by field', async t => {
  const { services, defaults } = resolveGateway({
    defaults: { attempts: 5, timeoutMs: 5000, slowStartMs: 1, retryOn: [500], tls: { servername: 'all' } },
    services: { users: { attempts: 7, panicThreshold: 1 }, orders: { tls: { rejectUnauthorized: false }, retryOn: [503] } }
  })
  t.match(defaults, { slowStartMs: 1, panicThreshold: 0.5, tls: { servername: 'all' }, balance: { attempts: 5, timeoutMs: 5000, connectTimeoutMs: 1000, retryOn: new Set([500]) } })
  t.match(services.get('users'), { slowStartMs: 1, panicThreshold: 1, tls: { servername: 'all' }, balance: { attempts: 7, timeoutMs: 5000, connectTimeoutMs: 1000, retryOn: new Set([500]) } })
  t.same(services.get('orders')?.tls, { rejectUnauthorized: false })
  t.same(services.get('orders')?.balance.retryOn, new Set([503]))
  const route = layerOver(services.get('users')?.balance ?? balance, { timeoutMs: 7, strategy: 'random' }, 'config.balance')
  const call = layerOver(route, { strategy: undefined, attempts: 1 } as unknown as BalanceOptions, 'reply.balance()')
  t.match(call, { strategy: 'random', attempts: 1, timeoutMs: 7, retryOn: new Set([500]) })
})

test('every option is taken as it is given', async t => {
  const given = { strategy: () => ({ pick: nothing }), filter: () => true, attempts: 1, retryOn: [429, 599], idempotent: () => true, connectTimeoutMs: 1, attemptTimeoutMs: 2, timeoutMs: 3, replayBytes: 4, forwarded: false, hedge: { percentile: 0.5, maxRatio: 1 } }
  t.same(resolveUsers(given)?.balance, { ...given, retryOn: new Set([429, 599]) })
  for (const strategy of ['adaptive', 'least-connections', 'weighted-round-robin', 'random']) t.equal(resolveUsers({ strategy })?.balance.strategy, strategy)
  const tls = { ca: ['one', Buffer.from('two')], cert: 'cert', key: Buffer.from('key'), servername: 'users', rejectUnauthorized: false }
  t.same(resolveUsers({ tls })?.tls, tls)
  t.same(resolveUsers({ tls: { ca: 'one' } })?.tls, { ca: 'one' })
  const authorize = () => true
  t.same(resolveAny({ operations: { prefix: '/ops', authorize } }).operations, { prefix: '/ops', authorize })
  t.same(resolveAny({ operations: { authorize } }).operations, { prefix: '/_balance', authorize })
  const pressure = { maxEventLoopDelay: 1, maxEventLoopUtilization: 1, maxHeapUsedBytes: 1, maxRssBytes: 1, retryAfter: 1, message: 'later', sampleInterval: 1 }
  t.same(resolveAny({ pressure }).pressure, pressure)
  t.same(resolveAny({ gateways: ['http://10.0.0.2:8080/', 'HTTPS://Gateway'] }).gateways, ['http://10.0.0.2:8080', 'https://gateway'])
})

test('the heartbeat options are handed on as they are — heartbeat/options.ts resolves them', async t => {
  const heartbeat = { path: 7 }
  t.equal(resolveAny({ heartbeat }).heartbeat, heartbeat)
})

test('static nodes are given as an origin or in full', async t => {
  const info = { service: 'users', address: null, weight: 1, zone: null, version: null, tags: {}, static: true }
  t.same(resolveUsers({ nodes: ['http://10.0.0.5:3000/', { origin: 'https://Worker', id: 'w', weight: 0, zone: 'eu', version: '2', tags: { gpu: '' } }, { origin: 'http://c', weight: undefined }] })?.nodes, [
    { ...info, id: '10.0.0.5:3000', origin: 'http://10.0.0.5:3000' },
    { ...info, id: 'w', origin: 'https://worker', weight: 0, zone: 'eu', version: '2', tags: { gpu: '' } },
    { ...info, id: 'c:80', origin: 'http://c' }
  ])
})

test('the caller\'s object is not touched, and the result is frozen and its own', async t => {
  const given = {
    defaults: { retryOn: [500], tls: { ca: ['one'] } },
    services: { users: { nodes: [{ origin: 'http://10.0.0.5:3000', tags: { gpu: '1' } }], attempts: 2 } },
    gateways: ['http://10.0.0.2:8080'],
    pressure: { maxEventLoopDelay: 100 },
    operations: { prefix: '/ops' }
  }
  const before = structuredClone(given)
  const resolved = resolveGateway(given)
  t.same(given, before)
  t.notOk([given, given.defaults, given.defaults.retryOn, given.defaults.tls, given.defaults.tls.ca, given.services.users.nodes, given.services.users.nodes[0], given.gateways, given.pressure, given.operations].some(Object.isFrozen))
  t.ok(isFrozenDeep(resolved) && [...resolved.services.values(), resolveGateway({}), resolveGateway({}).defaults].every(isFrozenDeep))
  given.defaults.retryOn.push(200)
  given.defaults.tls.ca.push('two')
  given.services.users.nodes[0] = { origin: 'http://changed', tags: { gpu: '2' } }
  given.gateways.push('http://changed')
  t.same(resolved, resolveGateway(before))
})

test('frozen options are taken', async t => {
  const given: GatewayOptions = Object.freeze({ services: Object.freeze({ users: Object.freeze({ nodes: Object.freeze(['http://10.0.0.5:3000']) }) }) })
  t.equal(resolveGateway(given).services.get('users')?.nodes.length, 1)
})

const serviceNamePattern = 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)'
const originPattern = 'an origin as http://host:port, without path, query, fragment or user'
const balanceKnown = 'strategy, filter, attempts, retryOn, idempotent, connectTimeoutMs, attemptTimeoutMs, timeoutMs, replayBytes, forwarded, hedge'
const strategyNames = "one of 'adaptive', 'least-connections', 'weighted-round-robin', 'random'"

/** Each balancing option with a wrong value, what it must be, and what was got. */
const wrongBalance: ReadonlyArray<readonly [key: keyof BalanceOptions, value: unknown, mustBe: string, got: string]> = [
  ['strategy', 'fastest', strategyNames, "'fastest'"],
  ['strategy', null, strategyNames, 'null'],
  ['strategy', 'toString', strategyNames, "'toString'"],
  ['filter', true, 'a function', 'true'],
  ['filter', null, 'a function', 'null'],
  ['attempts', 0, 'an integer between 1 and 100', '0'],
  ['attempts', 101, 'an integer between 1 and 100', '101'],
  ['attempts', 1.5, 'an integer between 1 and 100', '1.5'],
  ['attempts', '3', 'an integer between 1 and 100', "'3'"],
  ['retryOn', 503, 'an array', '503'],
  ['idempotent', 'yes', 'true or false', "'yes'"],
  ['connectTimeoutMs', 0, 'a number between 1 and 2147483647', '0'],
  ['connectTimeoutMs', Infinity, 'a number between 1 and 2147483647', 'Infinity'],
  ['attemptTimeoutMs', 2 ** 31, 'a number between 1 and 2147483647', '2147483648'],
  ['attemptTimeoutMs', -1, 'a number between 1 and 2147483647', '-1'],
  ['timeoutMs', NaN, 'a number between 1 and 2147483647', 'NaN'],
  ['timeoutMs', '1s', 'a number between 1 and 2147483647', "'1s'"],
  ['replayBytes', -1, 'an integer between 0 and 1073741824', '-1'],
  ['replayBytes', 2 ** 30 + 1, 'an integer between 0 and 1073741824', '1073741825'],
  ['forwarded', 0, 'true or false', '0']
]

test('a wrong balancing option is named, with what it must be — in every layer', async t => {
  for (const [key, value, mustBe, got] of wrongBalance) {
    const options = { [key]: value }
    const layers: ReadonlyArray<readonly [name: string, resolve: () => unknown]> = [
      ['defaults', () => resolveAny({ defaults: options })],
      ['services.users', () => resolveUsers(options)],
      ['config.balance', () => routeOfAny(options)],
      ['reply.balance()', () => layerOver(balance, options, 'reply.balance()')]
    ]
    for (const [name, resolve] of layers) {
      const message = `option '${name}.${key}' must be ${mustBe}, got ${got}`
      t.throws(resolve, { code: 'FST_BALANCE_OPTION', message }, message)
    }
  }
  t.throws(() => resolveUsers({ retryOn: [503, 600] }), { message: "option 'services.users.retryOn[1]' must be an integer between 400 and 599, got 600" })
  t.throws(() => resolveUsers({ retryOn: [399] }), { message: "option 'services.users.retryOn[0]' must be an integer between 400 and 599, got 399" })
})

test('a wrong option of a service is named, with what it must be', async t => {
  const rows: ReadonlyArray<readonly [options: unknown, message: string]> = [
    [null, "option 'services.users' must be an object, got null"],
    ['http://10.0.0.5:3000', "option 'services.users' must be an object, got 'http://10.0.0.5:3000'"],
    [['http://10.0.0.5:3000'], "option 'services.users' must be an object, got an array"],
    [{ slowStartMs: -1 }, "option 'services.users.slowStartMs' must be a number between 0 and 2147483647, got -1"],
    [{ panicThreshold: 50 }, "option 'services.users.panicThreshold' must be a number between 0 and 1, got 50"],
    [{ tls: true }, "option 'services.users.tls' must be an object, got true"],
    [{ tls: { pfx: 'x' } }, "option 'services.users.tls.pfx' is not known; known are ca, cert, key, servername, rejectUnauthorized"],
    [{ tls: { servername: '' } }, "option 'services.users.tls.servername' must be a non-empty string, got ''"],
    [{ tls: { rejectUnauthorized: 0 } }, "option 'services.users.tls.rejectUnauthorized' must be true or false, got 0"],
    [{ tls: { ca: [1] } }, "option 'services.users.tls.ca[0]' must be PEM text or a Buffer, got 1"],
    [{ nodes: 'http://10.0.0.5:3000' }, "option 'services.users.nodes' must be an array, got 'http://10.0.0.5:3000'"],
    [{ nodes: [7] }, "option 'services.users.nodes[0]' must be an object, got 7"],
    [{ nodes: [''] }, "option 'services.users.nodes[0]' must be a non-empty string, got ''"],
    [{ nodes: ['http://a', 'worker:3000'] }, `option 'services.users.nodes[1].origin' must be ${originPattern}, got 'worker:3000'`],
    [{ nodes: [{ id: 'a' }] }, "option 'services.users.nodes[0].origin' is missing"],
    [{ nodes: [{ origin: 'http://a/b' }] }, `option 'services.users.nodes[0].origin' must be ${originPattern}, got 'http://a/b'`],
    [{ nodes: [{ origin: 'http://a', id: 'a b' }] }, "option 'services.users.nodes[0].id' must be an id (1 to 128 letters, digits, or any of ._~:@-), got 'a b'"],
    [{ nodes: [{ origin: 'http://a', id: 7 }] }, "option 'services.users.nodes[0].id' must be a non-empty string, got 7"],
    [{ nodes: [{ origin: 'http://a', weight: 1001 }] }, "option 'services.users.nodes[0].weight' must be a number between 0 and 1000, got 1001"],
    [{ nodes: [{ origin: 'http://a', zone: null }] }, "option 'services.users.nodes[0].zone' must be a non-empty string, got null"],
    [{ nodes: [{ origin: 'http://a', version: 2 }] }, "option 'services.users.nodes[0].version' must be a non-empty string, got 2"],
    [{ nodes: [{ origin: 'http://a', tags: { gpu: 1 } }] }, "option 'services.users.nodes[0].tags.gpu' must be a string, got 1"],
    [{ nodes: [{ origin: 'http://a', url: 'b' }] }, "option 'services.users.nodes[0].url' is not known; known are origin, id, weight, zone, version, tags"]
  ]
  for (const [options, message] of rows) t.throws(() => resolveUsers(options), { code: 'FST_BALANCE_OPTION', message }, message)
})

test('a wrong option of the gateway is named, with what it must be', async t => {
  const rows: ReadonlyArray<readonly [options: unknown, message: string]> = [
    [{ services: [] }, "option 'services' must be an object, got an array"],
    [{ services: { 'my users': {} } }, `option 'services (a key)' must be ${serviceNamePattern}, got 'my users'`],
    [{ services: { '': {} } }, `option 'services (a key)' must be ${serviceNamePattern}, got ''`],
    [{ defaults: 7 }, "option 'defaults' must be an object, got 7"],
    [{ defaults: { nodes: [] } }, "option 'defaults.nodes' is not known: nodes belong to one service, under 'services'"],
    [{ gateways: 'http://a' }, "option 'gateways' must be an array, got 'http://a'"],
    [{ gateways: ['a:80'] }, `option 'gateways[0]' must be ${originPattern}, got 'a:80'`],
    [{ pressure: true }, "option 'pressure' must be false or an object ({} for the defaults), got true"],
    [{ pressure: { maxEventLoopDelay: -1 } }, "option 'pressure.maxEventLoopDelay' must be a number of at least 0, got -1"],
    [{ pressure: { maxEventLoopDelay: Infinity } }, "option 'pressure.maxEventLoopDelay' must be a number of at least 0, got Infinity"],
    [{ pressure: { maxEventLoopUtilization: 98 } }, "option 'pressure.maxEventLoopUtilization' must be a number between 0 and 1, got 98"],
    [{ pressure: { maxHeapUsedBytes: '1G' } }, "option 'pressure.maxHeapUsedBytes' must be a number of at least 0, got '1G'"],
    [{ pressure: { maxRssBytes: NaN } }, "option 'pressure.maxRssBytes' must be a number of at least 0, got NaN"],
    [{ pressure: { retryAfter: 86_401 } }, "option 'pressure.retryAfter' must be a number between 0 and 86400, got 86401"],
    [{ pressure: { message: '' } }, "option 'pressure.message' must be a non-empty string, got ''"],
    [{ pressure: { sampleInterval: 0 } }, "option 'pressure.sampleInterval' must be a number between 1 and 2147483647, got 0"],
    [{ operations: true }, "option 'operations' must be false or an object ({} for the defaults), got true"],
    [{ operations: { authorize: 'yes' } }, "option 'operations.authorize' must be a function, got 'yes'"],
    ...['ops', '/', '/ops/', '/ops?x', '/ops#x', ''].map(prefix =>
      [{ operations: { prefix } }, `option 'operations.prefix' must be a path that begins with '/' and does not end with it, got '${prefix}'`] as const)
  ]
  for (const [options, message] of rows) t.throws(() => resolveAny(options), { code: 'FST_BALANCE_OPTION', message }, message)
})

test('an unknown option is told of all that are known where it stands', async t => {
  const rows: ReadonlyArray<readonly [resolve: () => unknown, message: string]> = [
    [() => resolveAny({ service: {} }), "option 'service' is not known; known are services, defaults, heartbeat, store, gateways, address, drainMs, pressure, warmUpMs, operations"],
    [() => resolveAny({ defaults: { atempts: 3 } }), `option 'defaults.atempts' is not known; known are ${balanceKnown}, slowStartMs, panicThreshold, ejection, retryBudget, maxInFlight, queue, health, tls`],
    [() => resolveUsers({ atempts: 3 }), `option 'services.users.atempts' is not known; known are nodes, discover, ${balanceKnown}, slowStartMs, panicThreshold, ejection, retryBudget, maxInFlight, queue, health, tls`],
    [() => resolveAny({ pressure: { healthCheck: nothing } }), "option 'pressure.healthCheck' is not known; known are maxEventLoopDelay, maxEventLoopUtilization, maxHeapUsedBytes, maxRssBytes, retryAfter, message, sampleInterval"],
    [() => resolveAny({ operations: { path: '/x' } }), "option 'operations.path' is not known; known are prefix, authorize"],
    [() => routeOfAny({ atempts: 3 }), `option 'config.balance.atempts' is not known; known are service, ${balanceKnown}`],
    [() => layerOver(balance, { service: 'x' } as BalanceOptions, 'a'), `option 'a.service' is not known; known are ${balanceKnown}`],
    [() => callLayerOf({ atempts: 3 }), `option 'atempts' of reply.balance() is not known; known are path, body, contentType, method, queryString, rewriteHeaders, rewriteRequestHeaders, onResponse, onError, timeout, ${balanceKnown}`]
  ]
  for (const [resolve, message] of rows) t.throws(resolve, { code: 'FST_BALANCE_OPTION', message: new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) }, message)
})

test('a static node is named once — by its id and by its origin', async t => {
  const rows: ReadonlyArray<readonly [nodes: ServiceOptions['nodes'], message: string]> = [
    [['http://a:1', 'http://b:1', 'HTTP://A:1/'], "option 'services.users.nodes' names the id 'a:1' twice"],
    [['http://a:1', { origin: 'http://a:1', id: 'x' }], "option 'services.users.nodes' names the origin 'http://a:1' twice"],
    [[{ origin: 'http://a:1', id: 'x' }, { origin: 'http://b:1', id: 'x' }], "option 'services.users.nodes' names the id 'x' twice"]
  ]
  for (const [nodes, message] of rows) t.throws(() => resolveUsers({ nodes }), { code: 'FST_BALANCE_OPTION', message }, message)
  t.doesNotThrow(() => resolveGateway({ services: { users: { nodes: ['http://a:1'] }, orders: { nodes: ['http://a:1'] } } }), 'two services may share a node')
})

test('what is secret is in no message', async t => {
  const key = 'BEGIN hunter2'
  const rows: readonly unknown[] = [
    { tls: { key: [key] } }, { tls: { key: { pem: key } } }, { tls: { cert: [key] } }, { tls: { ca: [{ pem: key }] } }, { tls: [key] },
    { nodes: ['http://user:hunter2@worker'] }, { nodes: [{ origin: 'https://:hunter2@worker:1' }] }
  ]
  for (const options of rows) t.throws(() => resolveUsers(options), { code: 'FST_BALANCE_OPTION', message: /^option '(?!.*hunter2).* must be .*, got / })
  t.throws(() => resolveAny({ gateways: ['http://user:hunter2@gateway'] }), { message: /^(?!.*hunter2)/ })
})

test('a route names its service, and what else it says is a layer', async t => {
  const config: RouteOptions = { service: 'users', attempts: 1 }
  const route = resolveRoute(config, 'config.balance')
  t.same(route, { service: 'users', layer: { attempts: 1 } })
  t.ok(Object.isFrozen(route) && Object.isFrozen(route.layer))
  t.same(config, { service: 'users', attempts: 1 })
  t.same(resolveRoute({}, 'config.balance'), { service: null, layer: {} })
  t.same(routeOfAny({ service: undefined }).service, null)
})

test('a route that is no record, or names what cannot be a service, is refused', async t => {
  const rows: ReadonlyArray<readonly [config: unknown, message: string]> = [
    ['users', "option 'config.balance' must be an object, got 'users'"],
    [null, "option 'config.balance' must be an object, got null"],
    [{ service: 'my users' }, `option 'config.balance.service' must be ${serviceNamePattern}, got 'my users'`],
    [{ service: null }, `option 'config.balance.service' must be ${serviceNamePattern}, got null`]
  ]
  for (const [config, message] of rows) t.throws(() => routeOfAny(config), { code: 'FST_BALANCE_OPTION', message }, message)
})

test('a call has a layer only when it says something of balancing', async t => {
  t.equal(callLayerOf({}), null)
  t.equal(callLayerOf({ path: '/x', body: null, contentType: 'a/b', method: 'GET', queryString: {}, rewriteHeaders: nothing, rewriteRequestHeaders: nothing, onResponse: nothing, onError: nothing, timeout: 0 }), null)
  t.same(callLayerOf({ path: '/x', attempts: 1, strategy: 'random' }), { attempts: 1, strategy: 'random' })
})

test('a wrong option of a call is named, with what it must be', async t => {
  const rows: ReadonlyArray<[unknown, string]> = [
    [{ path: 7 }, "option 'reply.balance().path' must be a string, got 7"],
    [{ contentType: '' }, "option 'reply.balance().contentType' must be a non-empty string, got ''"],
    [{ method: 'GE T' }, "option 'reply.balance().method' must be an HTTP method, got 'GE T'"],
    [{ queryString: 'a=1' }, "option 'reply.balance().queryString' must be an object, got 'a=1'"],
    [{ rewriteHeaders: {} }, "option 'reply.balance().rewriteHeaders' must be a function, got an object"],
    [{ rewriteRequestHeaders: true }, "option 'reply.balance().rewriteRequestHeaders' must be a function, got true"],
    [{ onResponse: 'x' }, "option 'reply.balance().onResponse' must be a function, got 'x'"],
    [{ onError: null }, "option 'reply.balance().onError' must be a function, got null"],
    [{ timeout: -1 }, "option 'reply.balance().timeout' must be a number between 0 and 2147483647, got -1"]
  ]
  for (const [options, message] of rows) t.throws(() => callLayerOf(options as object), { code: 'FST_BALANCE_OPTION', message }, message)
  t.equal(callLayerOf({ path: '', queryString: () => '', method: 'get', onError: undefined, body: undefined }), null)
})

test('a layer over a layer is frozen, and the one below stays as it was', async t => {
  const over = layerOver(balance, { attempts: 9 }, 'a')
  t.ok(Object.isFrozen(over))
  t.same([over.attempts, balance.attempts], [9, 3])
})
