import { constants } from 'node:os'
import { duration, fieldsOf, listOf, refuse } from './check.js'
import { systemClock } from './clock.js'
import type { FastifyInstance } from 'fastify'
import '../types/fastify.js'
import type { Rule } from './check.js'
import type { CloseOptions } from '../types/agent.js'

const { SIGKILL: _, SIGSTOP: __, ...catchable } = constants.signals

const signalName: Rule<NodeJS.Signals> = (value, name) =>
  typeof value === 'string' && value in catchable ? value as NodeJS.Signals : refuse(name, "the name of a signal that a process can wait for, as 'SIGTERM'", value)

const checkOptions = fieldsOf<CloseOptions>({ signals: listOf(signalName), timeoutMs: duration(1) })

/**
 * Ends this process without losing a request when it gets a signal: drains what it is, a node (`app.agent.drain()`), a gateway (`app.gateway.drain()`) or both, closes the app,
 * and exits with 0; with 1 when closing fails or takes longer than `timeoutMs`. A second signal exits at once. Call it before `app.listen()`, so that
 * no signal finds the app listening and nobody waiting for it. Gives the function that takes the handlers away again.
 * Throws `FST_BALANCE_OPTION`.
 */
export function closeOnSignals (app: FastifyInstance, options: CloseOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], timeoutMs = 30_000 } = checkOptions(options, '')
  let isClosing = false
  const handle = (signal: NodeJS.Signals): void => {
    if (isClosing) process.exit(128 + constants.signals[signal])
    isClosing = true
    app.log.info({ signal }, 'closing')
    const cancel = systemClock.after(timeoutMs, () => exitWith(app, new Error(`not closed within ${timeoutMs} ms`)))
    close(app).then(() => {
      cancel()
      process.exit(0)
    }, error => exitWith(app, error))
  }
  for (const signal of signals) process.on(signal, handle)
  return () => { for (const signal of signals) process.off(signal, handle) }
}

async function close (app: FastifyInstance): Promise<void> {
  await Promise.all([app.hasDecorator('agent') && app.agent.drain(), app.hasDecorator('gateway') && app.gateway.drain()])
  await app.close()
}

function exitWith (app: FastifyInstance, error: unknown): void {
  app.log.error({ err: error }, 'closing failed')
  process.exit(1)
}
