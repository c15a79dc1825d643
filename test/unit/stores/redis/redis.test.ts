import t from 'tap'
import { redisStore } from '../../../../lib/stores/redis.js'

const methods = Object.fromEntries(['duplicate', 'connect', 'on', 'subscribe', 'eval', 'evalsha'].map(name => [name, () => ({})]))
const client = methods as unknown as Parameters<typeof redisStore>[0]['client']

t.test('options — a wrong one is refused, and what it must be is said', async t => {
  const refused = (options: object, message: string): void => {
    t.throws(() => redisStore(options as Parameters<typeof redisStore>[0]), { code: 'FST_BALANCE_OPTION', message })
  }
  const needed = "option 'client' must be an ioredis, iovalkey or node-redis client, got "
  refused({}, `${needed}undefined`)
  refused({ client: undefined }, `${needed}undefined`)
  refused({ client: null }, `${needed}null`)
  refused({ client: 'redis://10.0.0.1' }, `${needed}'redis://10.0.0.1'`)
  refused({ client: () => {} }, `${needed}a function`)
  // What @fastify/redis decorates an app with when its clients have namespaces.
  refused({ client: { cache: client } }, `${needed}an object`)
  refused({ client: { ...methods, subscribe: undefined } }, `${needed}an object`)
  refused({ client: { ...methods, evalsha: undefined } }, `${needed}an object`)
  for (const namespace of ['', 'a b', 'a}b', '{a}', '-a', 'a'.repeat(65)]) {
    refused({ client, namespace }, `option 'namespace' must be a letter or digit, then up to 63 of letters, digits, ., _, -, got '${namespace}'`)
  }
  refused({ client, prefix: 'a' }, "option 'prefix' is not known; known are client, namespace")
  t.throws(() => redisStore(undefined as unknown as Parameters<typeof redisStore>[0]), { code: 'FST_BALANCE_OPTION' })
})

t.test('redisStore — connects to nothing before it is asked something', async t => {
  let copies = 0
  const store = redisStore({ client: { ...client, duplicate: () => { copies++; return client } }, namespace: 'blue' })
  t.equal(store.kind, 'redis')
  await store.close()
  t.equal(copies, 0)
  await t.rejects(store.changes(undefined), /closed/)
})
