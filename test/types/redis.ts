// The clients that users give to a store, by the types of their packages. Compiling is the test.
import { redisStore } from 'fastify-balance/redis'
import type { RedisClient, RedisStoreOptions } from 'fastify-balance/redis'
import type { RegistryStore } from 'fastify-balance'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { is } from './equal.js'
import type { Equal } from './equal.js'

redisStore({ client: new Redis({ lazyConnect: true }) })
redisStore({ client: new Redis({ lazyConnect: true, protocol: 3, replyMapping: 'resp3' }), namespace: 'blue' })
redisStore({ client: new Cluster([{ host: '10.0.0.1', port: 6379 }], { lazyConnect: true }) })
redisStore({ client: new Valkey({ lazyConnect: true }) })
redisStore({ client: new ValkeyCluster([{ host: '10.0.0.1', port: 6379 }], { lazyConnect: true }) })
redisStore({ client: createClient() })
redisStore({ client: createClient({ url: 'redis://10.0.0.1:6379', RESP: 2, socket: { tls: true } }) })
redisStore({ client: createCluster({ rootNodes: [{ url: 'redis://10.0.0.1:6379' }] }) })

// What @fastify/redis decorates an app with.
declare const app: { readonly redis: Readonly<Record<string, Redis>> & Redis }
redisStore({ client: app.redis })

// @ts-expect-error a client is needed
redisStore({})
// @ts-expect-error an address is not a client
redisStore({ client: 'redis://10.0.0.1:6379' })
// @ts-expect-error an object with other functions is not one
redisStore({ client: { duplicate: () => ({}) } })
// @ts-expect-error unknown options are none
redisStore({ client: createClient(), prefix: 'x' })

is<Equal<ReturnType<typeof redisStore>, Required<RegistryStore>>>()
export const options: RedisStoreOptions = { client: createClient() }
export const client: RedisClient = options.client
