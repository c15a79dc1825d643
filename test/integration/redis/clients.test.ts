import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { RESP_TYPES, createClient, createCluster } from 'redis'
import t from 'tap'
import type { RedisClient } from '../../../lib/stores/redis.js'
import { needs } from '../../support/process.js'
import { startRedis, startRedisCluster } from '../../support/redis-server.js'
import { leaseWith } from '../../support/store-contract.js'
import { storeOf } from './clients.js'

const real = needs('redis-server', 'redis-cli')
const host = '127.0.0.1'
const password = 'p@ss:word'

t.test('what a client is made with holds for the store too, but for what would change its answers', real, async t => {
  const server = await startRedis(t)
  await server.cli('CONFIG', 'SET', 'requirepass', password)
  const url = `redis://:${encodeURIComponent(password)}@${host}:${server.port}`
  const made: Readonly<Record<string, RedisClient>> = {
    'ioredis in another database': new Redis({ host, port: server.port, password, db: 1, lazyConnect: true }),
    'ioredis with a prefix, numbers as text, pipelines and patience': new Redis({ host, port: server.port, password, keyPrefix: 'app:', stringNumbers: true, enableAutoPipelining: true, maxRetriesPerRequest: null, lazyConnect: true }),
    'ioredis that maps replies as RESP3': new Redis({ host, port: server.port, password, protocol: 3, replyMapping: 'resp3', db: 2, lazyConnect: true }),
    'iovalkey by URL': new Valkey(`${url}/3`, { lazyConnect: true }),
    'node-redis in another database': createClient({ url: `${url}/4` }),
    'node-redis by RESP2 that maps strings to buffers': createClient({ url: `${url}/5`, RESP: 2 }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }),
    'node-redis with socket options and a prefix': createClient({ password, socket: { host, port: server.port, reconnectStrategy: 10 }, keyPrefix: 'other:' })
  }
  for (const [name, client] of Object.entries(made)) {
    const store = storeOf(t, client)
    await store.put(leaseWith())
    t.match(await store.changes(undefined), { complete: true, leases: [leaseWith()] }, name)
    t.type((await store.lease('leader', 'a', 1000))?.token, 'number')
  }
  t.equal((await server.cli('--no-auth-warning', '-a', password, 'INFO', 'keyspace')).split('\n').length, 7, 'each database has its own')
  t.match(await server.cli('--no-auth-warning', '-a', password, 'KEYS', '*'), /app:balance:\{test\}:meta[^]*other:balance:|other:balance:\{test\}:meta[^]*app:balance:/)
})

t.test('nodes of a cluster are connected to with what its client is made with', real, async t => {
  const server = await startRedisCluster(t)
  await server.cli('CONFIG', 'SET', 'requirepass', password)
  const made: Readonly<Record<string, RedisClient>> = {
    ioredis: new Cluster([{ host, port: server.port }], { redisOptions: { password }, lazyConnect: true }),
    'node-redis': createCluster({ rootNodes: [{ url: `redis://${host}:${server.port}` }], defaults: { password } })
  }
  for (const [name, client] of Object.entries(made)) {
    const store = storeOf(t, client, name)
    await store.put(leaseWith())
    t.match(await store.changes(undefined), { complete: true, leases: [leaseWith()] }, name)
  }
})

t.test('the client itself is left alone', real, async t => {
  const server = await startRedis(t)
  const ioredis = new Redis({ host, port: server.port, lazyConnect: true })
  const nodeRedis = createClient({ url: `redis://${host}:${server.port}`, socket: { reconnectStrategy: 10 } })
  const connected = new Redis({ host, port: server.port })
  t.teardown(() => connected.disconnect())
  const optionsBefore = JSON.stringify([ioredis.options, nodeRedis.options])
  for (const client of [ioredis, nodeRedis, connected]) {
    const store = storeOf(t, client)
    store.onHint(() => {})
    await store.put(leaseWith())
    await store.close()
    await t.rejects(store.put(leaseWith()), /closed/)
  }
  t.equal(ioredis.status, 'wait')
  t.equal(nodeRedis.isOpen, false)
  t.equal(await connected.ping(), 'PONG')
  t.equal(JSON.stringify([ioredis.options, nodeRedis.options]), optionsBefore)
  t.same([ioredis, nodeRedis, connected].map(client => client.listenerCount('error')), [0, 0, 0])
})

t.test('who may not publish and not ask who the server is shares without hints', real, async t => {
  const server = await startRedis(t)
  await server.cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~balance:*', 'resetchannels', '+@all', '-info')
  const store = storeOf(t, new Redis({ host, port: server.port, username: 'gateway', password: 'secret', enableReadyCheck: false, lazyConnect: true }))
  let hints = 0
  store.onHint(() => { hints++ })
  await store.put(leaseWith())
  const { cursor } = await store.changes(undefined)
  await store.put(leaseWith({ seq: 2 }))
  t.match(await store.changes(cursor), { complete: false, leases: [{ seq: 2 }] })
  t.equal(hints, 0)
})
