import { createNode, writable } from '../node/node.js'
import { stateOf } from '../node/state.js'
import { isSameInfo } from '../node/info.js'
import { lengthened } from './lengthened.js'
import { reasonOfTime } from './reason-of-time.js'
import { snapshotOf } from './snapshot.js'
import { sustain } from './sustain.js'
import type { Changes } from './changes.js'
import type { Pause } from './lengthened.js'
import type { OfferRules, Snapshot } from './snapshot.js'
import type { Position } from './order.js'
import type { Silence } from './sustain.js'
import type { ChangeReason, Node, NodeInfo, NodeState } from '../../types/node.js'

/** A node in the registry: its facts, where its messages stand, and what was last announced of it. */
export interface Entry extends Position {
  node: Node
  incarnation: number | null
  seq: number | null
  state: NodeState
  reason: ChangeReason
  /** Its lease comes from what this gateway heard itself, not from a store. */
  heardHere: boolean
  /** For how long its lease was given last. */
  ttlMs: number
  /** Its lease has been carried over the end of a silence of the store since it was renewed. */
  isCarried: boolean
  /** When it last answered a request after its lease was over; -Infinity: never. */
  answeredAt: number
}

/** How long an expired node is remembered after the last that was heard of it. */
const forgetMs = 60_000

/** The nodes of one service, by id and by origin, and the snapshot of who may be offered. Every transition of a node passes through here. */
export class ServiceNodes {
  readonly name: string
  readonly rules: OfferRules
  readonly #changes: Changes
  readonly #warmsUpFrom: number
  readonly #byId = new Map<string, Entry>()
  readonly #byOrigin = new Map<string, Entry>()
  #snapshot: Snapshot | null = null
  #leased = 0
  #heard = 0

  /** `gatewayStartedAt`: nodes that were there before it need no slow start. */
  constructor (name: string, rules: OfferRules, changes: Changes, gatewayStartedAt: number) {
    this.name = name
    this.rules = rules
    this.#changes = changes
    this.#warmsUpFrom = gatewayStartedAt + rules.slowStartMs
  }

  get size (): number {
    return this.#byId.size
  }

  /** How many of them have a lease. */
  get leased (): number {
    return this.#leased
  }

  /** How many of those send their heartbeats to this gateway. */
  get heard (): number {
    return this.#heard
  }

  entries (): IterableIterator<Entry> {
    return this.#byId.values()
  }

  byId (id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  byOrigin (origin: string): Entry | undefined {
    return this.#byOrigin.get(origin)
  }

  /** Who may be offered a request now. The same object while nothing changed. */
  snapshot (now: number): Snapshot {
    if (this.#snapshot === null || now >= this.#snapshot.validUntil) {
      this.#snapshot = snapshotOf(Array.from(this.#byId.values(), ({ node }) => node), now, this.rules)
    }
    return this.#snapshot
  }

  /** A node that was not known. Whoever stood at its origin is replaced. */
  add (info: NodeInfo, leaseUntil: number, now: number): Entry {
    this.#replaceAt(info.origin, null)
    const warmsUp = !info.static && now >= this.#warmsUpFrom
    const node = createNode(info, { leaseUntil, now, warmsUp })
    const entry: Entry = { node, incarnation: null, seq: null, state: 'up', reason: 'registered', heardHere: false, ttlMs: leaseUntil - now, isCarried: false, answeredAt: -Infinity }
    this.#link(entry)
    if (!info.static) this.#leased++
    return entry
  }

  /** A new process has taken the id: all that was learned of the old one is forgotten, because it hangs on the old object. */
  restart (entry: Entry, info: NodeInfo, now: number): void {
    const old = entry.node
    this.#replaceAt(info.origin, entry)
    this.#unlink(entry)
    entry.node = createNode(inPlaceOf(old.info, info), { leaseUntil: old.leaseUntil, now, warmsUp: true })
    writable(entry.node).drainRequested = old.drainRequested
    this.#link(entry)
    this.#changes.gone(old)
  }

  /** The same process again. After a lease that was over it warms up anew. */
  renew (entry: Entry, info: NodeInfo, now: number): void {
    const facts = writable(entry.node)
    if (now >= facts.leaseUntil) facts.upSince = Math.max(now, facts.ejectedUntil)
    const next = inPlaceOf(facts.info, info)
    if (isSameInfo(next, facts.info)) return
    facts.info = next
    this.#snapshot = null
  }

  /** Gives a node the right to traffic until then. */
  lease ({ node }: Entry, until: number): void {
    if (until < node.leaseUntil) this.#snapshot = null
    writable(node).leaseUntil = until
  }

  /** Notes where the last that a node said was heard. */
  hear (entry: Entry, here: boolean): void {
    if (entry.heardHere !== here && !entry.node.info.static) this.#heard += here ? 1 : -1
    entry.heardHere = here
  }

  /** An operator wants a node to drain, or no longer. Who is offered may change even where the state does not (expired). */
  requestDrain (entry: Entry, draining: boolean, now: number): void {
    this.catchUp(entry, now)
    writable(entry.node).drainRequested = draining
    this.#snapshot = null
    this.transit(entry, now, draining ? 'drain-requested' : 'drain-revoked')
  }

  /** How many nodes would be offered but for their ejection, and how many of them are ejected. */
  peers (now: number): { readonly total: number, readonly ejected: number } {
    const nodes = Array.from(this.#byId.values(), ({ node }) => node)
    const weighted = nodes.filter(({ info }) => info.weight > 0)
    const states = (weighted.length > 0 ? weighted : nodes).map(node => stateOf(node, now, this.rules.slowStartMs))
    const standing = states.filter(state => state !== 'expired' && state !== 'draining')
    return { total: standing.length, ejected: standing.filter(state => state === 'ejected').length }
  }

  /** Withholds a node until then; afterwards it warms up. */
  eject (entry: Entry, until: number, now: number): void {
    this.catchUp(entry, now)
    const facts = writable(entry.node)
    facts.ejectedUntil = facts.upSince = until
    this.#snapshot = null
    this.transit(entry, now, 'ejected')
  }

  /** Active checks have found that a node works, or that it does not. Once it works it warms up, as a new node does. */
  judge (entry: Entry, works: boolean, now: number): void {
    this.catchUp(entry, now)
    const facts = writable(entry.node)
    facts.failsChecks = !works
    if (works && now >= this.#warmsUpFrom) facts.upSince = Math.max(now, facts.ejectedUntil)
    this.#snapshot = null
    this.transit(entry, now, works ? 'check-passed' : 'check-failed')
  }

  /** Announces what time alone has changed of a node, so that what comes next is not taken for the reason. */
  catchUp (entry: Entry, now: number): void {
    this.transit(entry, now, reasonOfTime(entry, now))
  }

  /** Announces the state that the facts of a node give now, if it is another than the last that was announced. */
  transit (entry: Entry, now: number, reason: ChangeReason): void {
    const to = stateOf(entry.node, now, this.rules.slowStartMs)
    if (to !== entry.state) this.#announce(entry, entry.state, to, to === 'ejected' ? ejectionReasonOf(entry.node, now) : reason)
  }

  /** Announces a node that was not known. */
  welcome (entry: Entry, now: number, reason: ChangeReason): void {
    this.#announce(entry, null, stateOf(entry.node, now, this.rules.slowStartMs), reason)
  }

  forget (entry: Entry, reason: ChangeReason): void {
    this.hear(entry, false)
    this.#unlink(entry)
    if (!entry.node.info.static) this.#leased--
    this.#announce(entry, entry.state, null, reason)
    this.#changes.gone(entry.node)
  }

  /** Announces what time alone has changed, and forgets the dead. */
  sweep (now: number): void {
    for (const entry of this.#byId.values()) {
      if (now >= Math.max(entry.node.leaseUntil, entry.answeredAt) + forgetMs) this.forget(entry, 'forgotten')
      else this.catchUp(entry, now)
    }
  }

  /** Lengthens every lease by a pause of this process. */
  credit (pause: Pause): void {
    for (const { node } of this.#byId.values()) writable(node).leaseUntil = lengthened(node.leaseUntil, pause)
    this.#snapshot = null
  }

  /** Carries the leases that come from a store over a silence of the store. */
  sustain (silence: Silence): void {
    for (const entry of this.#byId.values()) sustain(entry, silence)
    this.#snapshot = null
  }

  #announce (entry: Entry, from: NodeState | null, to: NodeState | null, reason: ChangeReason): void {
    this.#snapshot = null
    if (to !== null) entry.state = to
    entry.reason = reason
    const { id, origin } = entry.node.info
    this.#changes.changed({ service: this.name, id, origin, from, to, reason })
  }

  #replaceAt (origin: string, except: Entry | null): void {
    const rival = this.#byOrigin.get(origin)
    if (rival !== undefined && rival !== except) this.forget(rival, 'replaced')
  }

  #link (entry: Entry): void {
    this.#byId.set(entry.node.info.id, entry)
    this.#byOrigin.set(entry.node.info.origin, entry)
    this.#snapshot = null
  }

  #unlink (entry: Entry): void {
    this.#byId.delete(entry.node.info.id)
    this.#byOrigin.delete(entry.node.info.origin)
    this.#snapshot = null
  }
}

/** Why a node is ejected: it may have been so all the while that another state stood before it. */
function ejectionReasonOf ({ ejectedUntil }: Node, now: number): ChangeReason {
  return now < ejectedUntil ? 'ejected' : 'check-failed'
}

/** What a node says of itself now, under the id that it is known by. What is configured of a static node stands. */
function inPlaceOf (known: NodeInfo, said: NodeInfo): NodeInfo {
  return known.static ? known : Object.freeze({ ...said, id: known.id, static: false })
}
