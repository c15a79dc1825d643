import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import type { Test } from 'tap'
import { redisStore } from '../../../lib/stores/redis.js'
import type { RedisClient } from '../../../lib/stores/redis.js'
import type { RegistryStore } from '../../../types/store.js'

/** Makes a client as a user would who gives it to the store and does not use it. */
export type MakeClient = (port: number) => RedisClient

const host = '127.0.0.1'

export const clients: Readonly<Record<'ioredis' | 'iovalkey' | 'node-redis', MakeClient>> = {
  ioredis: port => new Redis({ host, port, lazyConnect: true }),
  iovalkey: port => new Valkey({ host, port, lazyConnect: true }),
  'node-redis': port => createClient({ url: `redis://${host}:${port}` })
}

export const clusterClients: Readonly<Record<'ioredis' | 'node-redis', MakeClient>> = {
  ioredis: port => new Cluster([{ host, port }], { lazyConnect: true }),
  'node-redis': port => createCluster({ rootNodes: [{ url: `redis://${host}:${port}` }] })
}

/** Opens a store that is closed when the test is over. */
export function storeOf (t: Test, client: RedisClient, namespace: string = 'test'): Required<RegistryStore> {
  const store = redisStore({ client, namespace })
  t.teardown(() => store.close())
  return store
}
