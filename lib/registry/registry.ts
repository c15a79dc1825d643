import { OptionError } from '../errors.js'
import { nodeInfoOf } from '../node/info.js'
import { announce } from './announce.js'
import { Changes } from './changes.js'
import { nodeStatusOf } from './node-status.js'
import { ServiceNodes } from './service-nodes.js'
import { Tombstones } from './tombstones.js'
import type { Announcement, Verdict } from './announcement.js'
import type { Entry } from './service-nodes.js'
import type { OfferRules, Snapshot } from './snapshot.js'
import type { Clock } from '../../types/clock.js'
import type { Node, NodeChange, NodeInfo } from '../../types/node.js'
import type { Registry } from '../../types/registry.js'
import type { NodeStatus } from '../../types/status.js'

/** How often the sweep is meant to run. */
export const sweepMs = 250
/** A sweep that is later than this says that this process stood still; less is ordinary. */
const pauseMs = 100

/** Which nodes exist, in memory. Synchronous; it never sees HTTP, timers or logs. */
export class NodeRegistry implements Omit<Registry, 'leader' | 'onLeader'> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #rulesOf: (service: string) => OfferRules
  readonly #configured: ReadonlySet<string>
  readonly #services = new Map<string, ServiceNodes>()
  readonly #changes = new Changes()
  readonly #tombstones = new Tombstones()
  readonly #startedAt: number
  #sweptAt: number
  /** When this process was last seen running. */
  #awakeAt: number

  /** `configured`: the services that exist without nodes. `rulesOf`: the rules of any service by its name. */
  constructor (clock: Pick<Clock, 'now'>, configured: Iterable<string>, rulesOf: (service: string) => OfferRules) {
    this.#clock = clock
    this.#rulesOf = rulesOf
    this.#configured = new Set(configured)
    this.#startedAt = this.#sweptAt = this.#awakeAt = clock.now()
    for (const name of this.#configured) this.#serviceOf(name)
  }

  /** How many nodes have a lease, in all services. */
  get size (): number {
    let size = 0
    for (const service of this.#services.values()) size += service.leased
    return size
  }

  /** How many nodes send their heartbeats to this gateway, in all services. */
  get heard (): number {
    let heard = 0
    for (const service of this.#services.values()) heard += service.heard
    return heard
  }

  services (): string[] {
    return [...this.#services.keys()]
  }

  nodes (name: string): readonly NodeStatus[] {
    const service = this.#services.get(name)
    if (service === undefined) return []
    const now = this.#now()
    const weights = new Map(service.snapshot(now).candidates.map(({ node, weight }) => [node, weight]))
    return Array.from(service.entries(), entry => nodeStatusOf(entry, now, service.rules, weights))
  }

  has (service: string, id: string): boolean {
    return this.node(service, id) !== undefined
  }

  /** A node by its id: the object that attempts and those who learn from them speak of. */
  node (service: string, id: string): Node | undefined {
    return this.#services.get(service)?.byId(id)?.node
  }

  /** Who may be offered a request of the service now; undefined: there is no such service. The same object while nothing changed. */
  snapshot (service: string): Snapshot | undefined {
    return this.#services.get(service)?.snapshot(this.#now())
  }

  /** Adds a static node, as the configuration names it. */
  configure (info: NodeInfo): void {
    const service = this.#serviceOf(info.service)
    const now = this.#now()
    service.welcome(service.add(info, Infinity, now), now, 'configured')
    this.#changes.deliver()
  }

  renew (given: Pick<NodeInfo, 'service' | 'origin'> & Partial<NodeInfo>, ttlMs: number = Infinity): void {
    const info = Object.freeze({ ...nodeInfoOf(given, 'info'), static: false })
    if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw new OptionError(`option 'ttlMs' must be a number above 0, got ${String(ttlMs)}`)
    const verdict = this.announce({ info, state: 'up', incarnation: null, seq: null, load: null, ttlMs, heardHere: true })
    if (verdict.kind === 'superseded') throw new OptionError(`option 'info.id' must not be that of a static node at another origin, got '${info.id}'`)
  }

  /** Takes in what a node says of itself, if it is newer than what is known of it. */
  announce (announcement: Announcement): Verdict {
    const service = this.#serviceOf(announcement.info.service)
    const verdict = announce(service, this.#tombstones, announcement, this.#now())
    this.#tidy(service)
    this.#changes.deliver()
    return verdict
  }

  remove (name: string, id: string): boolean {
    const service = this.#services.get(name)
    const entry = service?.byId(id)
    if (service === undefined || entry === undefined) return false
    service.forget(entry, 'removed')
    this.#tidy(service)
    this.#changes.deliver()
    return true
  }

  drain (name: string, id: string, draining: boolean = true): boolean {
    const service = this.#services.get(name)
    const entry = service?.byId(id)
    if (service === undefined || entry === undefined) return false
    service.requestDrain(entry, draining, this.#now())
    this.#changes.deliver()
    return true
  }

  /** A connection to the node was refused: if its lease is over as well, it is gone. */
  refused (node: Node): void {
    this.#about(node, (service, entry, now) => {
      if (now >= node.leaseUntil) service.forget(entry, 'refused')
    })
  }

  /** The node has answered a request after its lease was over: its heartbeats are lost, but it is not. */
  answered (node: Node): void {
    this.#about(node, (_service, entry, now) => { entry.answeredAt = now })
  }

  /** How many nodes of the node's service would be offered but for their ejection, and how many of them are ejected. */
  peers (node: Node): { readonly total: number, readonly ejected: number } {
    return this.#services.get(node.info.service)?.peers(this.#now()) ?? { total: 0, ejected: 0 }
  }

  /** Withholds a node until then. */
  eject (node: Node, until: number): void {
    this.#about(node, (service, entry, now) => service.eject(entry, until, now))
  }

  /** Active checks have found that a node works, or that it does not. */
  judge (node: Node, works: boolean): void {
    this.#about(node, (service, entry, now) => service.judge(entry, works, now))
  }

  /** The store was silent for so long: the leases that come from it last longer by that. `furtherMs` above 0: it answers again, and those that still run last longer by that as well, once per renewal. */
  sustain (silentMs: number, furtherMs: number = 0): void {
    const now = this.#now()
    for (const service of this.#services.values()) service.sustain({ silentMs, furtherMs, now })
  }

  onChange (listener: (change: NodeChange) => void): () => void {
    return this.#changes.onChange(listener)
  }

  /** Calls `listener` whenever a node is no longer known, also when a new process took its place. Returns the function that ends it. */
  onGone (listener: (node: Node) => void): () => void {
    return this.#changes.onGone(listener)
  }

  /** Announces what time alone has changed, and forgets the dead. Meant to run every `sweepMs`; nothing depends on its being on time. */
  sweep (): void {
    const now = this.#clock.now()
    const stoodStill = this.#creditPause(now)
    this.#sweptAt = now
    if (stoodStill) return
    this.#tombstones.sweep(now)
    for (const service of this.#services.values()) {
      service.sweep(now)
      this.#tidy(service)
    }
    this.#changes.deliver()
  }

  /** Does something about a node, if it is still known. */
  #about (node: Node, task: (service: ServiceNodes, entry: Entry, now: number) => void): void {
    const service = this.#services.get(node.info.service)
    const entry = service?.byId(node.info.id)
    if (service === undefined || entry?.node !== node) return
    task(service, entry, this.#now())
    this.#tidy(service)
    this.#changes.deliver()
  }

  /** The time, for a decision about leases: what this process itself stood still has been credited before. */
  #now (): number {
    const now = this.#clock.now()
    if (this.#creditPause(now)) this.#sweptAt = now
    return now
  }

  /** After SIGCONT or a long task, timers and requests run before the heartbeats that wait in the sockets are read: the nodes are not to blame. */
  #creditPause (now: number): boolean {
    const awakeAt = this.#awakeAt
    this.#awakeAt = now
    const lateMs = now - this.#sweptAt - sweepMs
    if (lateMs < pauseMs) return false
    for (const service of this.#services.values()) service.credit({ creditMs: Math.min(lateMs, now - awakeAt), awakeAt, now })
    return true
  }

  #serviceOf (name: string): ServiceNodes {
    let service = this.#services.get(name)
    if (service === undefined) {
      service = new ServiceNodes(name, this.#rulesOf(name), this.#changes, this.#startedAt)
      this.#services.set(name, service)
    }
    return service
  }

  /** A service that nobody configured exists for as long as it has nodes. */
  #tidy (service: ServiceNodes): void {
    if (service.size === 0 && !this.#configured.has(service.name)) this.#services.delete(service.name)
  }
}
