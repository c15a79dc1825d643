import { until } from './process.js'
import type { Program } from './process.js'
import type { GatewayStatus, NodeChange, ServiceStatus } from '../../types/index.js'

type NodeEntry = ServiceStatus['nodes'][number]

/** What a gateway says of a service now; no nodes where it does not know the service. */
export async function nodesOf (gateway: string, service: string): Promise<readonly NodeEntry[]> {
  const response = await fetch(`${gateway}/_balance/status`, { signal: AbortSignal.timeout(5000) })
  const { services } = await response.json() as GatewayStatus
  return services.find(({ name }) => name === service)?.nodes ?? []
}

/** Waits until a service has so many nodes that take requests. */
export async function nodesUp (gateway: string, service: string, count: number, limitMs?: number): Promise<readonly NodeEntry[]> {
  return await until(async () => {
    const nodes = (await nodesOf(gateway, service)).filter(({ state }) => state === 'up' || state === 'warming')
    return nodes.length === count && nodes
  }, `${service} has ${count} nodes that are up`, limitMs)
}

/** The transitions that a gateway has logged so far. */
export function changesOf (gateway: Program): readonly NodeChange[] {
  return gateway.output.filter(line => line.includes('node changed state')).map(line => {
    const { node: id, ...change } = JSON.parse(line)
    return { id, ...change }
  })
}

/** The reasons of a node's transitions so far, in their order. */
export function reasonsOf (gateway: Program, id: string): string[] {
  return changesOf(gateway).filter(change => change.id === id).map(({ reason }) => reason)
}

/** Waits until a gateway has logged that a node left; gives the reasons of all its transitions. */
export async function reasonsUntilLeft (gateway: Program, id: string): Promise<string[]> {
  return await until(() => {
    const reasons = reasonsOf(gateway, id)
    return reasons.at(-1) === 'left' && reasons
  }, `${gateway.name} hears the goodbye of ${id}`)
}
