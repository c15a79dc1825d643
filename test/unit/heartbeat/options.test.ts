import { test } from 'tap'
import { resolveHeartbeat } from '../../../lib/heartbeat/options.js'
import { secret } from './fixtures.js'
import type { HeartbeatOptions } from '../../../types/index.js'

const development = { production: false }
const production = { production: true }
/** As a user without types would write it. */
const resolveAny = (options: unknown) => resolveHeartbeat(options as HeartbeatOptions, development)

test('the defaults are those of the manual', async t => {
  const resolved = resolveHeartbeat(undefined, development)
  t.match(resolved, { path: '/heartbeat', services: null, intervalMs: 1000, missed: 3, maxNodes: 10000, allow: { ports: null, hosts: [] } })
  t.same(resolved.authentication, { kind: 'loopback', chosen: false })
  t.ok(Object.isFrozen(resolved) && Object.isFrozen(resolved.allow) && Object.isFrozen(resolved.authentication))
  t.same(resolveHeartbeat({}, development).path, '/heartbeat')
})

test('what is undefined has its default, and the caller\'s object stays as it was', async t => {
  const options = { path: undefined, secret: undefined, allow: { hosts: ['A.Example'] }, maxNodes: 0 }
  const before = structuredClone(options)
  const resolved = resolveAny(options)
  t.match(resolved, { path: '/heartbeat', maxNodes: 0, authentication: { kind: 'loopback', chosen: false }, allow: { hosts: ['a.example'] } })
  t.same(options, before)
})

test('a secret and several secrets are keys, the secret by the id default', async t => {
  const { authentication } = resolveHeartbeat({ secret, secrets: [{ id: 'old', secret: `${secret}!` }, { id: 'shop', secret, services: ['orders'] }] }, production)
  t.same(authentication, {
    kind: 'signature',
    keys: [{ id: 'default', secret, services: null }, { id: 'old', secret: `${secret}!`, services: null }, { id: 'shop', secret, services: ['orders'] }]
  })
})

test('authenticate replaces the secrets', async t => {
  const authenticate = () => true
  t.same(resolveHeartbeat({ authenticate, secret }, production).authentication, { kind: 'custom', authenticate })
  t.same(resolveHeartbeat({ authenticate, secret: false }, production).authentication, { kind: 'custom', authenticate })
})

test('in production something must say who may register', async t => {
  for (const options of [undefined, {}, { secrets: [] }]) {
    t.throws(() => resolveHeartbeat(options, production), {
      code: 'FST_BALANCE_OPTION',
      message: /^option 'heartbeat\.secret' must be given when NODE_ENV is production: set heartbeat\.secret, heartbeat\.secrets or heartbeat\.authenticate, or secret: false/
    })
  }
  t.equal(resolveHeartbeat({ secret }, production).authentication.kind, 'signature')
  t.equal(resolveHeartbeat({ secrets: [{ id: 'a', secret }] }, production).authentication.kind, 'signature')
  t.same(resolveHeartbeat({ secret: false }, production).authentication, { kind: 'loopback', chosen: true })
})

test('a wrong option is named, with what it must be', async t => {
  const rows: ReadonlyArray<readonly [options: unknown, message: string]> = [
    [7, "option 'heartbeat' must be an object, got 7"],
    [{ paths: 1 }, "option 'heartbeat.paths' is not known; known are path, secret, secrets, authenticate, allow, services, intervalMs, missed, maxNodes"],
    [{ path: 'heartbeat' }, "option 'heartbeat.path' must be a path that starts with '/', without parameters, wildcards or query, got 'heartbeat'"],
    [{ path: '/:id' }, "option 'heartbeat.path' must be a path that starts with '/', without parameters, wildcards or query, got '/:id'"],
    [{ secret: 'short' }, "option 'heartbeat.secret' must be a text of at least 16 characters, got one of 5"],
    [{ secret: '' }, "option 'heartbeat.secret' must be a text of at least 16 characters, got one of 0"],
    [{ secret: true }, "option 'heartbeat.secret' must be a text of at least 16 characters, got true"],
    [{ secret: false, secrets: [{ id: 'a', secret }] }, "option 'heartbeat.secret' must not be false where 'heartbeat.secrets' has entries"],
    [{ secrets: [{ secret }] }, "option 'heartbeat.secrets[0].id' is missing"],
    [{ secrets: [{ id: 'a' }] }, "option 'heartbeat.secrets[0].secret' is missing"],
    [{ secrets: [{ id: 'a', secret: 'short' }] }, "option 'heartbeat.secrets[0].secret' must be a text of at least 16 characters, got one of 5"],
    [{ secrets: [{ id: 'a b', secret }] }, "option 'heartbeat.secrets[0].id' must be a key id (1 to 128 letters, digits, or any of ._~:@-), got 'a b'"],
    [{ secrets: [{ id: 'a', secret }, { id: 'a', secret }] }, "option 'heartbeat.secrets' must have each key id once, got 'a' twice ('default' is that of heartbeat.secret)"],
    [{ secret, secrets: [{ id: 'default', secret }] }, "option 'heartbeat.secrets' must have each key id once, got 'default' twice ('default' is that of heartbeat.secret)"],
    [{ authenticate: 'yes' }, "option 'heartbeat.authenticate' must be a function, got 'yes'"],
    [{ allow: { cidrs: ['10.0.0.0/33'] } }, "option 'heartbeat.allow.cidrs[0]' must be a network as 10.0.0.0/8, got '10.0.0.0/33'"],
    [{ allow: { cidrs: [10] } }, "option 'heartbeat.allow.cidrs[0]' must be a network as 10.0.0.0/8, got 10"],
    [{ allow: { ports: [0] } }, "option 'heartbeat.allow.ports[0]' must be an integer between 1 and 65535, got 0"],
    [{ allow: { hosts: ['10.0.0.1'] } }, "option 'heartbeat.allow.hosts[0]' must be a host name, or .suffix for all that end so (addresses belong in allow.cidrs), got '10.0.0.1'"],
    [{ services: ['a b'] }, "option 'heartbeat.services[0]' must be a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens), got 'a b'"],
    [{ intervalMs: 0 }, "option 'heartbeat.intervalMs' must be a number between 1 and 2147483647, got 0"],
    [{ missed: 0 }, "option 'heartbeat.missed' must be an integer between 1 and 1000, got 0"],
    [{ maxNodes: -1 }, "option 'heartbeat.maxNodes' must be an integer of at least 0, got -1"]
  ]
  for (const [options, message] of rows) t.throws(() => resolveAny(options), { code: 'FST_BALANCE_OPTION', message }, message)
})

test('a secret that is refused is not in the message', async t => {
  t.throws(() => resolveAny({ secret: 'hunter2' }), { message: /^(?!.*hunter2)/ })
})

test('sixteen characters are a secret, fifteen are none', async t => {
  t.equal(resolveHeartbeat({ secret: 'x'.repeat(16) }, development).authentication.kind, 'signature')
  t.throws(() => resolveHeartbeat({ secret: 'x'.repeat(15) }, development))
})
