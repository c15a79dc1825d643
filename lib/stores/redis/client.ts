import type { Driver } from './connection.js'
import { ioredisDriver } from './ioredis.js'
import type { IoredisClient } from './ioredis.js'
import { nodeRedisDriver } from './node-redis.js'
import type { NodeRedisClient } from './node-redis.js'

/** A client by which it is known: `evalsha` is ioredis or iovalkey, `evalSha` is node-redis. The rest is found by structure. */
export type RedisClient =
  | { duplicate (...options: never[]): object, evalsha (...values: never[]): unknown }
  | { duplicate (...options: never[]): object, evalSha (...values: never[]): unknown }

/** Whether it is a client that the store can make its own connections from. */
export function isRedisClient (value: unknown): value is RedisClient {
  return isLike(value, 'duplicate', 'connect', 'on', 'subscribe', 'eval') && (isLike(value, 'evalsha') || isLike(value, 'evalSha'))
}

/** How connections are made from a client. */
export function driverOf (client: RedisClient): Driver {
  return isLike(client, 'evalSha') ? nodeRedisDriver(client as NodeRedisClient) : ioredisDriver(client as IoredisClient)
}

function isLike (value: unknown, ...methods: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && methods.every(method => typeof Reflect.get(value, method) === 'function')
}
