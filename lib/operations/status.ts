import { isoTime } from '../clock.js'
import type { NodeRegistry } from '../registry/registry.js'
import type { Traffic } from '../health/traffic.js'
import type { GatewayStatus, NodeTraffic, ServiceStatus } from '../../types/status.js'

/** What the status is made from. */
export interface StatusSources {
  readonly id: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly registry: NodeRegistry
  readonly traffic: Traffic
  /** The name of a service's strategy. */
  readonly strategyOf: (service: string) => string
  readonly isReady: () => boolean
  readonly pressure: () => GatewayStatus['gateway']['pressure']
}

const noTraffic: NodeTraffic = { latencyMs: null, requests: 0, failures: 0 }

/** The one description of the gateway that the page, the tests and the users read. */
export function statusOf (sources: StatusSources): GatewayStatus {
  return {
    gateway: {
      id: sources.id,
      startedAt: isoTime(sources.startedAt),
      ready: sources.isReady(),
      leader: false,
      store: null,
      pressure: sources.pressure()
    },
    services: sources.registry.services().map(name => serviceStatusOf(sources, name))
  }
}

function serviceStatusOf ({ registry, traffic, strategyOf }: StatusSources, name: string): ServiceStatus {
  return {
    name,
    strategy: strategyOf(name),
    panic: registry.snapshot(name)?.panic ?? false,
    queued: 0,
    nodes: registry.nodes(name).map(({ service: _service, ...status }) => {
      const node = registry.node(name, status.id)
      return { ...status, ...(node === undefined ? noTraffic : traffic.of(node)) }
    })
  }
}
