import type { Driver } from './connection.js'
import { runCached } from './connection.js'
import { limitMs } from '../../limited.js'

/** What is used of a client of ioredis or iovalkey. */
export interface IoredisClient {
  readonly isCluster?: boolean
  duplicate (...options: readonly unknown[]): IoredisClient
  connect (): Promise<unknown>
  disconnect (): void
  on (event: string, listener: (first: unknown, second: unknown) => void): unknown
  subscribe (channel: string): Promise<unknown>
  eval (lua: string, keyCount: number, ...rest: readonly string[]): Promise<unknown>
  evalsha (sha: string, keyCount: number, ...rest: readonly string[]): Promise<unknown>
}

/** A connection that fails is not repaired, and gives up what it waits for. */
const ofServer = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // what is called in one turn goes out in one write
  enableAutoPipelining: true,
  retryStrategy: null,
  reconnectOnError: null,
  connectTimeout: limitMs,
  disconnectTimeout: 100,
  keepAlive: 5000
}

// A cluster connects to a node with the first command for it, and without an offline queue it refuses what comes meanwhile.
const { connectTimeout, disconnectTimeout, keepAlive } = ofServer
const ofCluster = {
  lazyConnect: true,
  enableOfflineQueue: true,
  enableAutoPipelining: false,
  clusterRetryStrategy: null,
  clusterNodeRetryStrategy: null,
  slotsRefreshTimeout: limitMs,
  redisOptions: { connectTimeout, disconnectTimeout, keepAlive, reconnectOnError: null }
}

/** Makes connections from a client of ioredis or iovalkey, of a server, a master that Sentinel names, or a cluster. */
export function ioredisDriver (client: IoredisClient): Driver {
  return onLost => {
    const own = client.isCluster === true ? client.duplicate([], ofCluster) : client.duplicate(ofServer)
    own.on('error', error => onLost(error as Error))
    own.on('end', () => onLost(new Error('The connection to Redis was closed')))
    return {
      connect: () => own.connect(),
      run: ({ lua, sha }, { keys, values }) => runCached(
        () => own.evalsha(sha, keys.length, ...keys, ...values),
        () => own.eval(lua, keys.length, ...keys, ...values)
      ),
      subscribe (channel, listener) {
        own.on('message', (_channel, message) => listener(String(message)))
        return own.subscribe(channel)
      },
      end: () => own.disconnect()
    }
  }
}
