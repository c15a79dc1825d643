import type { Driver } from './connection.js'
import { runCached } from './connection.js'
import { limitMs } from '../../limited.js'

type Options = Readonly<Record<string, unknown>>
interface ScriptArguments { readonly keys: string[], readonly arguments: string[] }

/** What is used of a client of node-redis. */
export interface NodeRedisClient {
  /** Of a server. */
  readonly options?: Options
  /** Of a cluster. */
  readonly masters?: unknown
  readonly _options?: Options
  duplicate (options: Options): NodeRedisClient
  connect (): Promise<unknown>
  /** Newer versions. */
  destroy? (): unknown
  disconnect (): unknown
  on (event: string, listener: (error: unknown) => void): unknown
  subscribe (channel: string, listener: (message: string) => void): Promise<unknown>
  eval (lua: string, input: ScriptArguments): Promise<unknown>
  evalSha (sha: string, input: ScriptArguments): Promise<unknown>
}

/** A connection that fails is not repaired, and gives up what it waits for. */
const ofSocket = { reconnectStrategy: false, connectTimeout: limitMs, keepAlive: true, keepAliveInitialDelay: 5000 }

// What would change replies, or reach into the user's own client, is off.
const ofServer = { disableOfflineQueue: true, maintNotifications: 'disabled', clientSideCache: undefined, emitInvalidate: false, commandOptions: { timeout: limitMs } }

function optionsFor ({ options, masters, _options }: NodeRedisClient): Options {
  if (masters === undefined) return { ...ofServer, socket: { ...options?.socket as Options | undefined, ...ofSocket } }
  const { clientSideCache, commandOptions, ...ofNode } = ofServer
  const common = { minimizeConnections: true, clientSideCache, commandOptions }
  // Versions that hide their options get no others: those of the user hold what is needed to connect.
  if (_options === undefined) return common
  const defaults = _options['defaults'] as Options | undefined
  // A cluster cannot be stopped while it asks for its slots, so a frozen node is left by itself.
  const socket = { ...defaults?.['socket'] as Options | undefined, ...ofSocket, socketTimeout: 4 * limitMs }
  return { ...common, defaults: { ...defaults, ...ofNode, pingInterval: limitMs, socket } }
}

/** Makes connections from a client of node-redis, of a server or a cluster. */
export function nodeRedisDriver (client: NodeRedisClient): Driver {
  return onLost => {
    const own = client.duplicate(optionsFor(client))
    for (const event of ['error', 'node-error']) own.on(event, error => onLost(error as Error))
    return {
      connect: () => own.connect(),
      run: ({ lua, sha }, { keys, values }) => {
        const input = { keys: [...keys], arguments: [...values] }
        return runCached(() => own.evalSha(sha, input), () => own.eval(lua, input))
      },
      subscribe: (channel, listener) => own.subscribe(channel, listener),
      end: () => endQuietly(own)
    }
  }
}

async function endQuietly (client: NodeRedisClient): Promise<void> {
  try {
    await (client.destroy === undefined ? client.disconnect() : client.destroy())
  } catch {
    // It is closed already.
  }
}
