import { test } from 'tap'
import { resolveGateway } from '../../../lib/options/gateway.js'
import type { GatewayOptions } from '../../../types/index.js'

/** As a user without types would write it. */
const resolveAny = (options: unknown) => resolveGateway(options as GatewayOptions)
const resolveUsers = (users: unknown, defaults: unknown = {}) => resolveAny({ defaults, services: { users } }).services.get('users')

test('options that have options lie over each other one by one', async t => {
  const resolved = resolveUsers(
    { ejection: { connect: 1 }, retryBudget: { perSecond: 0 }, queue: { timeoutMs: 5 }, health: { fall: 9 } },
    { ejection: { consecutive: 7 }, retryBudget: { ratio: 0.5 }, queue: { size: 0 }, health: { path: '/up', rise: 1 }, maxInFlight: 3 }
  )
  t.match(resolved, {
    ejection: { consecutive: 7, connect: 1, successRatio: 0.8 },
    retryBudget: { ratio: 0.5, perSecond: 0 },
    queue: { size: 0, timeoutMs: 5 },
    health: { path: '/up', intervalMs: 2000, timeoutMs: 1000, rise: 1, fall: 9 },
    maxInFlight: 3
  })
})

test('ejection, health checks and hedging are switched off by false, and on again by the next layer', async t => {
  t.match(resolveUsers({}, { ejection: false, health: { path: '/up' }, hedge: {} }), { ejection: false, health: { path: '/up' }, balance: { hedge: { percentile: 0.95, maxRatio: 0.05 } } })
  t.match(resolveUsers({ health: false, hedge: false }, { health: { path: '/up' }, hedge: {} }), { health: false, balance: { hedge: false } })
  t.match(resolveUsers({ ejection: { maxRatio: 1 }, health: { path: '/up' } }, { ejection: false, health: false }), { ejection: { consecutive: 5, maxRatio: 1 }, health: { path: '/up', fall: 3 } })
})

test('a health check needs a path', async t => {
  t.throws(() => resolveUsers({ health: { fall: 1 } }), { message: "option 'services.users.health.path' is missing: what the checks ask for, for instance '/health'" })
  t.throws(() => resolveAny({ defaults: { health: {} } }), { message: "option 'defaults.health.path' is missing: what the checks ask for, for instance '/health'" })
})

test('a wrong option of ejection, budget, queue, checks or hedging is told with what is allowed', async t => {
  const rows: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ ejection: { maxRatio: 3 } }, "option 'services.users.ejection.maxRatio' must be a number between 0 and 1, got 3"],
    [{ ejection: { successRatio: -1 } }, "option 'services.users.ejection.successRatio' must be a number between 0 and 1, got -1"],
    [{ ejection: { consecutive: 0 } }, "option 'services.users.ejection.consecutive' must be an integer of at least 1, got 0"],
    [{ ejection: { connect: 1.5 } }, "option 'services.users.ejection.connect' must be an integer of at least 1, got 1.5"],
    [{ ejection: { windowMs: 9 } }, "option 'services.users.ejection.windowMs' must be a number between 10 and 2147483647, got 9"],
    [{ ejection: { baseMs: 0 } }, "option 'services.users.ejection.baseMs' must be a number between 1 and 2147483647, got 0"],
    [{ ejection: { maxMs: '1' } }, "option 'services.users.ejection.maxMs' must be a number between 1 and 2147483647, got '1'"],
    [{ ejection: true }, "option 'services.users.ejection' must be false or an object ({} for the defaults), got true"],
    [{ ejection: { ratio: 1 } }, "option 'services.users.ejection.ratio' is not known; known are consecutive, connect, silenceMs, successRatio, windowMs, minRequests, baseMs, maxMs, maxRatio"],
    [{ retryBudget: { ratio: -1 } }, "option 'services.users.retryBudget.ratio' must be a number between 0 and 100, got -1"],
    [{ retryBudget: { perSecond: -1 } }, "option 'services.users.retryBudget.perSecond' must be a number between 0 and 1000000, got -1"],
    [{ maxInFlight: 0 }, "option 'services.users.maxInFlight' must be an integer of at least 1, got 0"],
    [{ queue: { size: -1 } }, "option 'services.users.queue.size' must be an integer of at least 0, got -1"],
    [{ queue: { timeoutMs: 0 } }, "option 'services.users.queue.timeoutMs' must be a number between 1 and 2147483647, got 0"],
    [{ health: { path: 'up' } }, "option 'services.users.health.path' must be a path that begins with '/', got 'up'"],
    [{ health: { path: '/up', intervalMs: 99 } }, "option 'services.users.health.intervalMs' must be a number between 100 and 2147483647, got 99"],
    [{ health: { path: '/up', rise: 0 } }, "option 'services.users.health.rise' must be an integer of at least 1, got 0"],
    [{ hedge: { percentile: 95 } }, "option 'services.users.hedge.percentile' must be a number between 0 and 1, got 95"],
    [{ hedge: { maxRatio: -0.1 } }, "option 'services.users.hedge.maxRatio' must be a number between 0 and 1, got -0.1"],
    [{ hedge: true }, "option 'services.users.hedge' must be false or an object ({} for the defaults), got true"]
  ]
  for (const [options, message] of rows) t.throws(() => resolveUsers(options), { code: 'FST_BALANCE_OPTION', message }, message)
  t.throws(() => resolveAny({ warmUpMs: -1 }), { message: "option 'warmUpMs' must be a number between 0 and 2147483647, got -1" })
})

const discoverOf = (discover: unknown): unknown => resolveUsers({ discover })?.discover

test('discovery takes a name with SRV records, or a name with addresses and a port', async t => {
  const rows: readonly object[] = [
    { srv: '_http._tcp.orders.example' },
    { a: 'orders.example', port: 65_535 },
    { srv: 'orders.example', scheme: 'https', servers: ['10.0.0.2', '10.0.0.2:8600', 'fd00::2', '[fd00::2]:8600', '[fd00::2]'] },
    { a: 'orders.example', port: 1, scheme: 'http', servers: [] }
  ]
  for (const discover of rows) {
    t.same(discoverOf(discover), discover)
    t.ok(Object.isFrozen(discoverOf(discover)))
  }
  t.same(discoverOf({ srv: 'orders.example', a: undefined, port: undefined, servers: undefined }), { srv: 'orders.example' })
  t.equal(discoverOf(undefined), null)
})

test('discovery wants exactly one of the two', async t => {
  const message = "option 'services.users.discover' needs either 'srv', a name with SRV records, or 'a' and 'port', a name with addresses and the port of the nodes"
  for (const discover of [{}, { srv: undefined }, { a: 'a' }, { port: 80 }, { srv: 'a', a: 'a', port: 80 }, { srv: 'a', port: 80 }, { srv: 'a', a: 'a' }, { srv: undefined, a: 'a' }, { scheme: 'http' }]) {
    t.throws(() => discoverOf(discover), { code: 'FST_BALANCE_OPTION', message }, JSON.stringify(discover))
  }
})

test('a wrong option of discovery is told with what is allowed', async t => {
  const server = "the IP address of a name server, with its port as '10.0.0.2:8600' or '[fd00::2]:8600'"
  const rows: ReadonlyArray<readonly [discover: unknown, message: string]> = [
    ['orders.example', "option 'services.users.discover' must be an object, got 'orders.example'"],
    [{ srv: '' }, "option 'services.users.discover.srv' must be a DNS name, got ''"],
    [{ srv: null }, "option 'services.users.discover.srv' must be a DNS name, got null"],
    [{ a: 'http://orders', port: 80 }, "option 'services.users.discover.a' must be a DNS name, got 'http://orders'"],
    [{ a: 'orders', port: 0 }, "option 'services.users.discover.port' must be an integer between 1 and 65535, got 0"],
    [{ a: 'orders', port: '80' }, "option 'services.users.discover.port' must be an integer between 1 and 65535, got '80'"],
    [{ srv: 'orders', scheme: 'ftp' }, "option 'services.users.discover.scheme' must be one of 'http', 'https', got 'ftp'"],
    [{ srv: 'orders', ttl: 5 }, "option 'services.users.discover.ttl' is not known; known are srv, a, port, scheme, servers"],
    [{ srv: 'orders', servers: '10.0.0.2' }, "option 'services.users.discover.servers' must be an array, got '10.0.0.2'"],
    ...['', 'consul', 'consul:8600', '10.0.0', '10.0.0.256:53', '10.0.0.2:', '10.0.0.2:0', '10.0.0.2:65536', '[10.0.0.2]:53', '[fd00::2]:0', '[fd00::2', 'fd00::2]:53', '10.0.0.2 '].map(
      each => [{ srv: 'orders', servers: ['10.0.0.2', each] }, `option 'services.users.discover.servers[1]' must be ${server}, got '${each}'`] as const),
    [{ srv: 'orders', servers: [53] }, `option 'services.users.discover.servers[0]' must be ${server}, got 53`]
  ]
  for (const [discover, message] of rows) t.throws(() => discoverOf(discover), { code: 'FST_BALANCE_OPTION', message }, message)
})
