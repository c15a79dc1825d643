import { fieldsOf, refuse, text } from '../check.js'
import { systemClock, systemRandom } from '../clock.js'
import type { RegistryStore } from '../../types/store.js'
import { driverOf, isRedisClient } from './redis/client.js'
import type { RedisClient } from './redis/client.js'
import { Hints } from './redis/hints.js'
import { Link } from './redis/link.js'
import { RedisStore } from './redis/store.js'

export type { RedisClient } from './redis/client.js'

export interface RedisStoreOptions {
  /**
   * A client of ioredis, iovalkey or node-redis, for one server or for a cluster. It says where Redis is: the store makes connections of its
   * own from its options, and neither uses nor closes the client itself, which may be connected or not.
   */
  readonly client: RedisClient
  /** Gateways of one namespace share what they know. A letter or digit, then up to 63 of letters, digits, `.`, `_`, `-`. Default `default`. */
  readonly namespace?: string
}

const rulesOf = fieldsOf<RedisStoreOptions>({
  client: (value, name) => isRedisClient(value) ? value : refuse(name, 'an ioredis, iovalkey or node-redis client', value),
  namespace: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a letter or digit, then up to 63 of letters, digits, ., _, -')
})

/**
 * Shares what gateways know through Redis 6.2 or newer, or Valkey. It connects with the first call, again after whatever happened, and no call
 * waits longer than 500 ms for Redis (`changes` for each 500 leases). Nothing needs to be persistent. Throws `FST_BALANCE_OPTION` where an
 * option is wrong.
 */
export function redisStore (options: RedisStoreOptions): Required<RegistryStore> {
  const { client, namespace = 'default' } = rulesOf(options, '')
  if (client === undefined) return refuse('client', 'an ioredis, iovalkey or node-redis client', client)
  const tools = { driver: driverOf(client), clock: systemClock, random: systemRandom }
  return new RedisStore(namespace, {
    clock: systemClock,
    link: new Link(tools),
    hintsOn: channel => new Hints(channel, tools)
  })
}
