import { isoTime } from '../clock.js'
import type { Group } from '../sync/group.js'
import type { NodeRegistry } from '../registry/registry.js'
import type { Traffic } from '../health/traffic.js'
import type { Node } from '../../types/node.js'
import type { GatewayStatus, NodeEjections, NodeTraffic, ServiceStatus } from '../../types/status.js'

/** What the status is made from. */
export interface StatusSources {
  readonly id: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly registry: NodeRegistry
  readonly traffic: Traffic
  /** The name of a service's strategy. */
  readonly strategyOf: (service: string) => string
  /** How many requests to a service wait for a node. */
  readonly queuedOf: (service: string) => number
  readonly ejectionsOf: (node: Node) => NodeEjections
  /** Why the gateway should get no traffic; null: it should. */
  readonly unreadyBecause: () => 'draining' | 'closing' | 'under-pressure' | null
  readonly group: Pick<Group, 'gateways' | 'store' | 'isLeader' | 'isLeaderForTraffic'>
  readonly pressure: () => GatewayStatus['gateway']['pressure']
}

const nothing: NodeTraffic & NodeEjections = { latencyMs: null, requests: 0, failures: 0, ejections: 0, ejectionsSuppressed: 0 }

/** The one description of the gateway that the page, the tests and the users read. */
export function statusOf (sources: StatusSources): GatewayStatus {
  return {
    gateway: {
      id: sources.id,
      startedAt: isoTime(sources.startedAt),
      ready: sources.unreadyBecause() === null,
      leader: sources.group.isLeader,
      store: sources.group.store,
      gateways: sources.group.gateways,
      pressure: sources.pressure()
    },
    services: sources.registry.services().map(name => serviceStatusOf(sources, name))
  }
}

function serviceStatusOf ({ registry, traffic, strategyOf, queuedOf, ejectionsOf }: StatusSources, name: string): ServiceStatus {
  const snapshot = registry.snapshot(name)
  return {
    name,
    strategy: strategyOf(name),
    panic: snapshot?.panic ?? false,
    heartbeatsLost: snapshot?.heartbeatsLost ?? false,
    queued: queuedOf(name),
    nodes: registry.nodes(name).map(({ service: _service, ...status }) => {
      const node = registry.node(name, status.id)
      return { ...status, ...node === undefined ? nothing : { ...traffic.of(node), ...ejectionsOf(node) } }
    })
  }
}
