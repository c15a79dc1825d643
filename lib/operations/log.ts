import type { FastifyBaseLogger } from 'fastify'
import type { NodeRegistry } from '../registry/registry.js'

/** Logs every transition of a node, and once per service that all its weights are 0. Returns what looks for the latter: to be called now and then. */
export function logRegistry (registry: NodeRegistry, log: FastifyBaseLogger): () => void {
  registry.onChange(({ id: node, ...change }) => log.info({ node, ...change }, 'node changed state'))
  const warned = new Set<string>()
  return () => {
    for (const service of registry.services()) {
      const isEqualized = registry.snapshot(service)?.equalized === true
      if (isEqualized && !warned.has(service)) log.warn({ service }, 'every node has weight 0, so all count the same')
      if (isEqualized) warned.add(service)
      else warned.delete(service)
    }
  }
}
