import t from 'tap'
import { agentSettingsOf } from '../../../lib/agent/settings.js'
import type { AgentOptions } from '../../../types/agent.js'

const least: AgentOptions = { service: 'orders', gateways: ['http://10.0.0.2:8080'] }

t.test('service and gateways are enough, the rest has defaults', async t => {
  t.same(agentSettingsOf(least), {
    service: 'orders',
    gateways: ['http://10.0.0.2:8080/heartbeat'],
    secret: null,
    secretId: 'default',
    id: null,
    origin: null,
    weight: 1,
    zone: null,
    version: null,
    tags: null,
    intervalMs: 1000,
    drainMs: 10_000,
    load: null
  })
})

t.test('what is given is taken, frozen, and 0 is 0', async t => {
  const load = () => ({ inFlight: 1 })
  const options: AgentOptions = {
    ...least,
    secret: '0123456789abcdef',
    secretId: 'blue',
    id: 'orders@web3',
    origin: 'http://10.0.0.5:3000/',
    weight: 0,
    zone: 'a',
    version: '1.2.3',
    tags: { canary: '' },
    intervalMs: 50,
    drainMs: 0,
    load
  }
  const settings = agentSettingsOf(options)
  t.match(settings, { ...options, gateways: ['http://10.0.0.2:8080/heartbeat'], origin: 'http://10.0.0.5:3000' })
  t.ok(Object.isFrozen(settings) && Object.isFrozen(settings.gateways) && Object.isFrozen(settings.tags))
})

t.test('a gateway named twice is one', async t => {
  t.same(agentSettingsOf({ ...least, gateways: ['http://g:1', 'http://g:1/'] }).gateways, ['http://g:1/heartbeat'])
})

const many = (length: number): Record<string, string> => Object.fromEntries(Array.from({ length }, (_, index) => [`tag-${index}`, 'x']))

const wrong: ReadonlyArray<readonly [string, unknown, string | RegExp]> = [
  ['no service', { gateways: least.gateways }, "option 'service' is missing: the name of the service that this app serves"],
  ['a service with a blank', { ...least, service: 'a b' }, /^option 'service' must be a service name .*, got 'a b'$/],
  ['no gateways', { service: 'orders' }, "option 'gateways' must name at least one gateway, for instance 'http://10.0.0.2:8080'"],
  ['an empty list of gateways', { ...least, gateways: [] }, "option 'gateways' must name at least one gateway, for instance 'http://10.0.0.2:8080'"],
  ['gateways as a string', { ...least, gateways: 'http://g' }, "option 'gateways' must be an array, got 'http://g'"],
  ['a gateway without scheme', { ...least, gateways: ['http://g', 'g:8080'] }, "option 'gateways[1]' must be a gateway's address as http://host:port, without user, query and fragment, got 'g:8080'"],
  ['an id with a slash', { ...least, id: 'a/b' }, "option 'id' must be an id (1 to 128 letters, digits, or any of ._~:@-), got 'a/b'"],
  ['an origin with a path', { ...least, origin: 'http://a/b' }, /^option 'origin' must be an origin/],
  ['a weight above 1000', { ...least, weight: 1001 }, "option 'weight' must be a number between 0 and 1000, got 1001"],
  ['an empty zone', { ...least, zone: '' }, "option 'zone' must be a string of 1 to 256 characters, got ''"],
  ['33 tags', { ...least, tags: many(33) }, "option 'tags' must have at most 32 entries, got 33"],
  ['a long key', { ...least, tags: { ['k'.repeat(65)]: '' } }, "option 'tags' must have keys of 1 to 64 characters"],
  ['an empty key', { ...least, tags: { '': '' } }, "option 'tags' must have keys of 1 to 64 characters"],
  ['a long value', { ...least, tags: { key: 'v'.repeat(257) } }, /^option 'tags.key' must be a string of at most 256 characters/],
  ['tags that fill a heartbeat', { ...least, tags: Object.fromEntries(Object.keys(many(32)).map(key => [key, '€'.repeat(256)])) }, /^option 'tags' must leave room in a heartbeat/],
  ['no interval', { ...least, intervalMs: 0 }, /^option 'intervalMs' must be a number between 10 and/],
  ['a negative drain time', { ...least, drainMs: -1 }, /^option 'drainMs' must be a number between 0 and/],
  ['a load that is no function', { ...least, load: {} }, "option 'load' must be a function, got an object"],
  ['an unknown option', { ...least, secrets: [] }, /^option 'secrets' is not known; known are service, gateways/]
]

for (const [name, options, message] of wrong) {
  t.test(`${name} is refused`, async t => {
    t.throws(() => agentSettingsOf(options as AgentOptions), { code: 'FST_BALANCE_OPTION', message })
  })
}

t.test('a secret that is too short is refused without being told', async t => {
  t.throws(() => agentSettingsOf({ ...least, secret: 'hunter2' }), { message: "option 'secret' must be a text of at least 16 characters, got one of 7" })
})

t.test('32 tags of the longest kind fit', async t => {
  const tags = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`${index}`.padStart(64, 'k'), 'v'.repeat(256)]))
  t.same(agentSettingsOf({ ...least, tags }).tags, tags)
})
