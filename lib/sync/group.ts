import { Leadership } from './leadership.js'
import { Sync } from './sync.js'
import type { Announcement, Verdict } from '../registry/announcement.js'
import type { NodeRegistry } from '../registry/registry.js'
import type { GatewayStatus } from '../../types/status.js'
import type { RegistryStore } from '../../types/store.js'
import type { SyncParts } from './sync.js'

/** This gateway among those of its group: with a store they share what they know, without one each knows what it hears. */
export interface Group {
  /** Where the other gateways are reached, and this one, as far as it is known. */
  readonly gateways: readonly string[]
  /** Whether it is enough that a node sends its heartbeats to one of them. */
  readonly fanout: 'one' | 'all'
  readonly store: GatewayStatus['gateway']['store']
  readonly isLeader: boolean
  /** With the store away nobody can lead, and traffic that goes to the leader alone stays where it was. */
  readonly isLeaderForTraffic: boolean
  announce (announcement: Announcement): Verdict
  drain (service: string, id: string, draining: boolean): boolean
  onLeader (listener: (token: number | null) => void): () => void
  /** Before the gateway listens. */
  start (): Promise<void>
  /** The gateway listens there. */
  listens (address: string | null): void
  /** The gateway is about to go: the others know it at once. */
  leave (): Promise<void>
  stop (): Promise<void>
}

export interface GroupParts extends Omit<SyncParts, 'store' | 'registry'> {
  readonly registry: NodeRegistry
  /** The addresses that are configured. */
  readonly gateways: readonly string[]
  /** Whether this gateway may lead now. */
  readonly isFit: () => boolean
  /** A listener threw. */
  readonly failed: (error: unknown) => void
}

export function groupOf (store: RegistryStore | null, parts: GroupParts): Group {
  return store === null ? alone(parts) : sharing(store, parts)
}

function alone ({ registry, gateways }: GroupParts): Group {
  return {
    gateways,
    fanout: 'all',
    store: null,
    isLeader: false,
    isLeaderForTraffic: false,
    announce: announcement => registry.announce(announcement),
    drain: (service, id, draining) => registry.drain(service, id, draining),
    onLeader: () => () => {},
    start: async () => {},
    listens: () => {},
    leave: async () => {},
    stop: async () => {}
  }
}

function sharing (store: RegistryStore, parts: GroupParts): Group {
  const sync = new Sync({ ...parts, store })
  const leadership = new Leadership({ ...parts, store })
  const kind = store.kind ?? 'custom'
  const leave = async (): Promise<void> => { await Promise.all([sync.leave(), leadership.stop()]) }
  return {
    get gateways () { return [...new Set([...parts.gateways, ...sync.gateways])] },
    get fanout () { return sync.isConnected ? 'one' : 'all' },
    get store () { return { kind, connected: sync.isConnected } },
    get isLeader () { return leadership.isLeader },
    get isLeaderForTraffic () { return leadership.isLeader || (!sync.isConnected && leadership.wasLast) },
    announce: announcement => sync.announce(announcement),
    drain: (service, id, draining) => sync.drain(service, id, draining),
    onLeader: listener => leadership.onLeader(listener),
    async start () {
      await sync.start()
      leadership.start()
    },
    listens: address => { sync.listens(address) },
    leave,
    async stop () {
      await leave()
      await sync.stop()
    }
  }
}
