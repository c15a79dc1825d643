import type { FastifyBaseLogger } from 'fastify'
import type { NodeRegistry } from '../registry/registry.js'

/**
 * Logs every transition of a node, and what concerns a service as a whole when it begins: that all its weights are 0, that no heartbeat
 * comes through any more. Returns what looks for the latter: to be called now and then.
 */
export function logRegistry (registry: NodeRegistry, log: FastifyBaseLogger): () => void {
  registry.onChange(({ id: node, ...change }) => log.info({ node, ...change }, 'node changed state'))
  const equalized = new Set<string>()
  const silent = new Set<string>()
  return () => {
    const services = registry.services()
    for (const noted of [equalized, silent]) keepOnly(noted, services)
    for (const service of services) {
      const snapshot = registry.snapshot(service)
      if (turned(equalized, service, snapshot?.equalized === true) === 'on') log.warn({ service }, 'every node has weight 0, so all count the same')
      const turn = turned(silent, service, snapshot?.heartbeatsLost === true)
      if (turn === 'on') log.warn({ service }, 'no heartbeat comes through any more: the nodes are offered still, and forgotten when they do not answer either')
      if (turn === 'off') log.info({ service }, 'heartbeats come through again')
    }
  }
}

/** Logs that a service's nodes cannot be looked up any more, and that they can again. */
export function troubleLog (log: FastifyBaseLogger): (service: string, error: Error | null) => void {
  return (service, error) => {
    if (error === null) log.info({ service }, 'its nodes are found again')
    else log.warn({ service, err: error }, 'its nodes cannot be looked up: those that are known stand')
  }
}

/** Logs that the store is away, that it is back, and what in it cannot be used. */
export function storeLog (log: FastifyBaseLogger): { troubled: (error: Error | null) => void, refused: (what: object, error: Error) => void } {
  return {
    troubled (error) {
      if (error === null) log.info({}, 'the store answers again')
      else log.warn({ err: error }, 'the store is away: this gateway goes on with what it knows, and hears every node itself')
    },
    refused: (what, error) => log.warn({ err: error, what }, 'something in the store cannot be used')
  }
}

/** Forgets the services that do not exist any more: those that nobody configured end with their last node. */
function keepOnly (noted: Set<string>, services: readonly string[]): void {
  if (noted.size === 0) return
  const existing = new Set(services)
  for (const service of noted) {
    if (!existing.has(service)) noted.delete(service)
  }
}

/** Notes whether something is so of a service, and says whether that has changed. */
function turned (noted: Set<string>, service: string, isSo: boolean): 'on' | 'off' | null {
  if (isSo === noted.has(service)) return null
  if (isSo) noted.add(service)
  else noted.delete(service)
  return isSo ? 'on' : 'off'
}
