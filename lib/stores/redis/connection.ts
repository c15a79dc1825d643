import type { Clock, Random } from '../../../types/clock.js'
import { limitMs, limited } from '../../limited.js'

/** A script as Redis knows it: by its hash, where it has it already. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

/** What a script is given. Every key that it touches is among `keys`. */
export interface ScriptInput {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

/** A connection to Redis. It never reconnects: when it is lost or does not answer, another one is made. */
export interface Connection {
  connect (): Promise<unknown>
  run (script: Script, input: ScriptInput): Promise<unknown>
  subscribe (channel: string, listener: (message: string) => void): Promise<unknown>
  /** Ends it at once, whatever it is doing; again does nothing. */
  end (): void
}

/** Makes a connection, which does nothing yet. `onLost` is called when it cannot be used any more, maybe more than once. */
export type Driver = (onLost: (error: Error) => void) => Connection

/** What a user of connections needs. */
export interface ConnectionTools {
  readonly driver: Driver
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
}

/** Makes a connection that can be used. When that fails, or takes too long, nothing of it is left. */
export async function open ({ driver, clock }: ConnectionTools, onLost: (error: Error) => void): Promise<Connection> {
  const connection = driver(onLost)
  const connecting = connection.connect()
  try {
    await limited(clock, 'Redis', () => connecting)
    return connection
  } catch (error) {
    connection.end()
    // Some clients cannot be stopped while they connect.
    connecting.then(() => connection.end(), () => {})
    throw error
  }
}

/** Runs a script that Redis may have forgotten. */
export async function runCached (byHash: () => Promise<unknown>, whole: () => Promise<unknown>): Promise<unknown> {
  try {
    return await byHash()
  } catch (error) {
    if (error instanceof Error && error.message.includes('NOSCRIPT')) return await whole()
    throw error
  }
}

/** How long to wait after the nth failure in a row, so that many gateways do not come back at the same moment. At most one second. */
export function backoffMs (failures: number, random: Random): number {
  return Math.min(2 * limitMs, 50 * 2 ** failures) * (0.5 + random() / 2)
}
