import { test } from 'tap'
import { resolveGateway } from '../../../lib/options/gateway.js'
import { storeWith } from '../sync/fixtures.js'
import type { GatewayOptions } from '../../../types/index.js'

/** As a user without types would write it. */
const resolveAny = (options: unknown) => resolveGateway(options as GatewayOptions)

test('without a store a gateway is alone, and has nothing to wait for when it goes', async t => {
  t.match(resolveGateway({}), { store: null, gateways: [], address: null, drainMs: 0 })
})

test('a store is taken as it is', async t => {
  const store = storeWith()
  t.equal(resolveGateway({ store }).store, store)
  class Own { put () {} drain () {} announce () {} changes () {} }
  t.ok(resolveAny({ store: new Own() }).store instanceof Own, 'methods may be inherited')
  t.equal(resolveAny({ store: undefined }).store, null)
})

test('a gateway of a group serves on for 2 s when it goes, or as long as it is told to', async t => {
  const gateways = ['http://10.0.0.1:8080']
  t.equal(resolveGateway({ store: storeWith() }).drainMs, 2000)
  t.equal(resolveGateway({ gateways }).drainMs, 2000)
  t.equal(resolveGateway({ gateways, drainMs: 0 }).drainMs, 0)
  t.equal(resolveGateway({ drainMs: 500 }).drainMs, 500)
})

test('the address is an origin, in its normal form', async t => {
  t.equal(resolveGateway({ address: 'HTTPS://Gateway.example.com:443/' }).address, 'https://gateway.example.com')
})

test('a wrong option is told with what is allowed', async t => {
  const wanted = "option 'store' must be a store with put(), drain(), announce(), changes(), for instance redisStore({ client }), got"
  const rows: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ store: null }, `${wanted} null`],
    [{ store: 'redis://localhost' }, `${wanted} 'redis://localhost'`],
    [{ store: () => {} }, `${wanted} a function`],
    [{ store: { ...storeWith(), changes: undefined } }, `${wanted} an object`],
    [{ store: { ...storeWith(), announce: 7 } }, `${wanted} an object`],
    [{ address: 'gateway' }, "option 'address' must be an origin as http://host:port, without path, query, fragment or user, got 'gateway'"],
    [{ address: 'http://10.0.0.1/path' }, "option 'address' must be an origin as http://host:port, without path, query, fragment or user, got 'http://10.0.0.1/path'"],
    [{ drainMs: -1 }, "option 'drainMs' must be a number between 0 and 2147483647, got -1"],
    [{ drainMs: '2s' }, "option 'drainMs' must be a number between 0 and 2147483647, got '2s'"]
  ]
  for (const [options, message] of rows) t.throws(() => resolveAny(options), { code: 'FST_BALANCE_OPTION', message }, message)
})
