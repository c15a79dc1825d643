import type { Clock } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { Pools } from './pools.js'

/** What is asked, and how long the answer may take. */
export interface Question {
  readonly path: string
  readonly timeoutMs: number
  /** The answer is not wanted any more. */
  readonly signal: AbortSignal
}

/** Asks a node for a path with GET, over a connection of its own, so that the check says whether new ones are accepted. True: a status from 200 to 399 came in time. */
export async function probe (pools: Pools, clock: Pick<Clock, 'after'>, node: Node, { path, timeoutMs, signal }: Question): Promise<boolean> {
  const connection = pools.connectionTo(node)
  const end = (): void => connection.destroy(() => {})
  const cancel = clock.after(timeoutMs, end)
  signal.addEventListener('abort', end, { once: true })
  try {
    const { statusCode, body } = await connection.request({ method: 'GET', path, headersTimeout: 0, bodyTimeout: 0 })
    body.on('error', () => {})
    return statusCode >= 200 && statusCode < 400
  } catch {
    return false
  } finally {
    cancel()
    signal.removeEventListener('abort', end)
    end()
  }
}
