import type { FastifyBaseLogger } from 'fastify'
import type { Agent } from '../../types/agent.js'
import type { Clock, Random } from '../../types/clock.js'
import type { HeartbeatBody } from '../../types/heartbeat.js'
import type { LoadReport } from '../../types/node.js'
import type { AgentSettings } from './settings.js'
import { GatewayConnection } from './connection.js'
import { cureOf } from './cure.js'
import { dutiesOf, ranked } from './fanout.js'
import { gatewaysToBeat } from './gateways.js'
import { Identity } from './identity.js'
import { GatewayLink } from './link.js'
import type { LinkContext } from './link.js'
import { bodyOf } from './message.js'
import { isIPv4Only, placeOf } from './place.js'
import type { Listener } from './place.js'
import { within } from '../within.js'

/** What the sender is made with. */
export interface SenderContext {
  readonly settings: AgentSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: FastifyBaseLogger
  readonly load: () => LoadReport
  /** The addresses of this machine. */
  readonly ownAddresses: () => ReadonlySet<string>
}

/** How long after an announcement of draining that was not heard the next one follows, ms. */
const insistMs = 100

/** Sends the heartbeats of this process to the gateways, to one or to all as they want it, and obeys what they answer. */
export class HeartbeatSender {
  readonly #context: SenderContext
  readonly #identity: Identity
  readonly #linkContext: LinkContext
  readonly #links = new Map<string, GatewayLink>()
  /** Those that are not idle. */
  #beating: readonly GatewayLink[] = []
  #listener: Listener | null = null
  #answeredId: string | null = null
  #isDraining = false
  #isDrainAsked = false
  #hasLeft = false

  constructor (context: SenderContext) {
    const { settings, clock, random, log } = context
    this.#context = context
    this.#identity = new Identity(settings.id, clock.wall(), random)
    this.#linkContext = {
      settings,
      clock,
      random,
      log,
      identity: this.#identity,
      isEnding: () => this.#isDraining || this.#hasLeft,
      heartbeat: local => this.#heartbeat(local),
      cureOf: (trouble, gateway) => cureOf(trouble, { gateway, origin: settings.origin, listener: this.#whereListening }),
      settled: link => this.#obey(link)
    }
  }

  /** The id at the gateways; null: none has answered yet. */
  get id (): string | null {
    return this.#identity.id ?? this.#answeredId
  }

  get #whereListening (): Listener {
    return this.#listener ?? { bindings: [], secure: false }
  }

  get state (): Agent['state'] {
    if (this.#hasLeft) return 'left'
    if (this.#isDraining || this.#isDrainAsked) return 'draining'
    return this.#listener === null ? 'idle' : 'up'
  }

  /** Begins to beat, the first time at once. */
  start (listener: Listener): void {
    if (this.#hasLeft || this.#listener !== null) return
    if (this.#context.settings.origin === null && listener.bindings.length === 0) {
      this.#context.log.error({}, "no heartbeat is sent, for the server listens on no port: give option 'origin'")
      return
    }
    this.#listener = listener
    for (const url of this.#context.settings.gateways) this.#link(url, listener)
    this.#assign()
  }

  /**
   * Announces to all gateways at once that this node drains, idle links or not, and again to those that may hear it yet. Resolves when all have
   * answered or are gone, at most after `limitMs`. The beats go on.
   */
  async drain (limitMs: number): Promise<void> {
    this.#isDraining = true
    const until = this.#context.clock.now() + limitMs
    await this.#tellAll(limitMs, link => this.#insist(link, until))
  }

  /** Says goodbye to all gateways, at most for `limitMs`, and ends. */
  async leave (limitMs: number): Promise<void> {
    this.#hasLeft = true
    await this.#tellAll(limitMs, link => link.leave())
    for (const link of this.#links.values()) link.stop()
    this.#links.clear()
  }

  /** A gateway that stands still for a moment would go on sending requests here. Where nobody listens there is none. */
  async #insist (link: GatewayLink, until: number): Promise<void> {
    const { clock } = this.#context
    for (;;) {
      const isUnheard = await link.beat()
      if (!isUnheard || this.#hasLeft || clock.now() + insistMs >= until) return
      await new Promise<void>(resolve => clock.after(insistMs, resolve))
    }
  }

  async #tellAll (limitMs: number, tell: (link: GatewayLink) => Promise<void>): Promise<void> {
    if (this.#links.size === 0) return
    await within(this.#context.clock, limitMs, Promise.all([...this.#links.values()].map(tell)))
  }

  #link (url: string, listener: Listener): void {
    // A gateway that sees an IPv6 address would look for this node there.
    const family = this.#context.settings.origin === null && isIPv4Only(listener) ? 4 : 0
    this.#links.set(url, new GatewayLink(url, new GatewayConnection(url, this.#context.clock, family), this.#linkContext))
  }

  #heartbeat (localAddress: string): HeartbeatBody {
    const { settings, load } = this.#context
    const place = settings.origin === null ? placeOf(this.#whereListening, localAddress) : { origin: settings.origin }
    if (place === null) throw new Error('the server listens on no port')
    const state = this.state
    return bodyOf(settings, { place, order: this.#identity.next(), state: state === 'idle' ? 'up' : state, load: load() })
  }

  #obey (link: GatewayLink): void {
    if (this.#hasLeft || !this.#links.has(link.url)) return
    this.#answeredId ??= link.directives?.id ?? null
    this.#followGateways()
    this.#assign()
    this.#followDrain(link)
  }

  /** Who is to beat begins at once, the others fall idle. The id is known before it matters: the first answer brings it. */
  #assign (): void {
    const { beating, heeded } = dutiesOf(ranked([...this.#links.values()], this.id ?? ''))
    const idle = beating.filter(link => !this.#beating.includes(link))
    this.#beating = beating
    for (const link of this.#links.values()) {
      if (!beating.includes(link)) link.rest()
      else if (!heeded.includes(link)) link.forget()
    }
    for (const link of idle) link.beat()
  }

  #followGateways (): void {
    const links = [...this.#links.values()]
    const told = new Map<string, readonly string[]>()
    for (const { url, isAnswering, directives } of links) {
      if (isAnswering && directives !== null && directives.gateways.length > 0) told.set(url, directives.gateways)
    }
    if (told.size === 0 || this.#listener === null) return
    const { settings, ownAddresses, log } = this.#context
    const wanted = gatewaysToBeat({ configured: settings.gateways, current: links.map(({ url }) => url), told, ownAddresses: ownAddresses() })
    for (const link of links) {
      if (wanted.has(link.url)) continue
      link.stop()
      this.#links.delete(link.url)
      log.info({ gateway: link.url }, 'gateway dropped')
    }
    for (const url of wanted) {
      if (this.#links.has(url)) continue
      log.info({ gateway: url }, 'gateway learned')
      this.#link(url, this.#listener)
    }
  }

  /** One operator's word is enough; it holds until that gateway says otherwise, or another one speaks for it. The other gateways learn of it at once. */
  #followDrain (teller: GatewayLink): void {
    const isAsked = [...this.#links.values()].some(({ directives }) => directives?.drain === true)
    if (isAsked === this.#isDrainAsked) return
    this.#isDrainAsked = isAsked
    this.#context.log.info({ gateway: teller.url, drain: isAsked }, 'drain directive')
    for (const link of this.#links.values()) {
      if (link !== teller) link.beat()
    }
  }
}
