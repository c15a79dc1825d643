import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import type { Given } from './check.js'
import type { PressureOptions } from '../types/options.js'

/** What @fastify/under-pressure knows of this process. */
export interface Pressure {
  /** Its newest sample; all zeros until the first one, a second after the start. `eventLoopDelay` (ms) can be Infinity. */
  memoryUsage (): { heapUsed: number, rssBytes: number, eventLoopDelay: number, eventLoopUtilized: number }
  /** A threshold is exceeded: one of ours, or one that the app set itself. */
  isUnderPressure (): boolean
}

/**
 * Samples the pressure on this process by @fastify/under-pressure. An app that has registered it already is asked; else it is registered
 * without decorating the instance, so that the app may still register it, even in the same scope. Its hooks reach the instance either way.
 */
export async function samplePressure (app: FastifyInstance, options: Given<PressureOptions>): Promise<Pressure> {
  if (app.hasDecorator('isUnderPressure')) return app
  const own = await register(app, options)
  return {
    memoryUsage: () => own.memoryUsage(),
    isUnderPressure: () => own.isUnderPressure() || (app.hasDecorator('isUnderPressure') && app.isUnderPressure())
  }
}

/** The plugin sees a facade of the instance, whose `decorate` keeps what the plugin would have put on it. */
async function register (app: FastifyInstance, options: Given<PressureOptions>): Promise<Pressure> {
  const captured: Partial<Pressure> = {}
  const facade: FastifyInstance = Object.create(app, {
    decorate: {
      value (name: string, decorator: unknown) {
        Object.assign(captured, { [name]: decorator })
        return this
      }
    }
  })
  // A copy, for the plugin writes into its options. By default it would measure the utilization since the start of the process.
  await underPressure(facade, { ...options, eventLoopUtilizationMode: 'interval' })
  if (isComplete(captured)) return captured
  throw new Error('@fastify/under-pressure gave no memoryUsage() and isUnderPressure(): its version does not fit')
}

function isComplete (captured: Partial<Pressure>): captured is Pressure {
  return typeof captured.memoryUsage === 'function' && typeof captured.isUnderPressure === 'function'
}
