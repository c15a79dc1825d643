import type { FastifyBaseLogger } from 'fastify'
import type { Clock, Random } from '../../types/clock.js'
import type { AgentSettings } from './settings.js'
import type { Compose, Delivery } from './connection.js'
import { verdictOn } from './identity.js'
import type { Identity } from './identity.js'
import { messageOf } from './message.js'
import type { HeartbeatBody } from '../../types/heartbeat.js'
import { reactionTo, refusedMs } from './reaction.js'
import type { Directives, Reaction, TroubleKind } from './reaction.js'
import { TroubleLog } from './trouble.js'

/** What carries the messages to a gateway. */
export interface Carrier {
  post (compose: Compose, timeoutMs: number, signal: AbortSignal): Promise<Delivery>
  close (): void
}

/** What the links of an agent share. */
export interface LinkContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: FastifyBaseLogger
  readonly settings: AgentSettings
  readonly identity: Identity
  /** This process drains, closes or has left. */
  readonly isEnding: () => boolean
  /** The next message, complete. */
  readonly heartbeat: (localAddress: string) => HeartbeatBody
  /** What can be done about a trouble with a gateway; null: that is not known. */
  readonly cureOf: (trouble: TroubleKind, gateway: string) => string | null
  /** Told of the end of each beat, however. */
  readonly settled: (link: GatewayLink) => void
}

/** A Reaction that needs no other message at once. */
type Settled = Exclude<Reaction, { kind: 'adopt-time' | 'contest' }>

const firstBackOffMs = 250
/** A beat may take one interval, but no more than 2 s; shorter than this is no time for a network. */
const timeoutRangeMs = [250, 2000] as const
/** How often one beat may be sent anew at once: with the gateway's time, with a higher incarnation, with another id. */
const maxMessages = 4

/** The heartbeats to one gateway: a loop of its own, so that no gateway can delay another. It runs from a beat on until it rests. */
export class GatewayLink {
  readonly url: string
  readonly #context: LinkContext
  readonly #carrier: Carrier
  readonly #trouble: TroubleLog
  #directives: Directives | null = null
  #isAnswering = false
  #intervalMs: number
  #failures = 0
  /** Gateway's clock minus ours. */
  #offsetSeconds = 0
  /** The id under which this gateway has accepted us, or has made us raise our incarnation or give way; undefined: none. */
  #metAs: string | null | undefined
  /** The process that this one gave way to here last, by its incarnation; null: none. */
  #waitedFor: number | null = null
  #beat = new AbortController()
  #cancelNext: () => void = () => {}
  #isEnding = false

  constructor (url: string, carrier: Carrier, context: LinkContext) {
    this.url = url
    this.#carrier = carrier
    this.#context = context
    this.#trouble = new TroubleLog(context.log, context.clock, url)
    this.#intervalMs = context.settings.intervalMs
  }

  /** What this gateway said last; null: it has not answered yet, or it counts no more. */
  get directives (): Directives | null {
    return this.#directives
  }

  /** Its last beat was accepted. */
  get isAnswering (): boolean {
    return this.#isAnswering
  }

  /**
   * Beats now instead of when it is due, also when the last beat still waits for its answer; the loop goes on. Resolves when this beat is over,
   * however. True: it was not heard, and another one at once may be.
   */
  async beat (): Promise<boolean> {
    try {
      return await this.#round()
    } catch (error) {
      this.#context.log.error({ err: error, gateway: this.url }, 'heartbeat failed')
      return false
    }
  }

  /** The last beat. What the gateway makes of it does not matter any more. */
  async leave (): Promise<void> {
    this.#isEnding = true
    await this.beat()
  }

  /** Beats no more until it is told to, and forgets what the gateway said. A beat that runs comes to its end. */
  rest (): void {
    this.#cancelNext()
    this.forget()
  }

  /** What the gateway said counts no more. */
  forget (): void {
    this.#isAnswering = false
    this.#directives = null
  }

  stop (): void {
    this.#isEnding = true
    this.#cancelNext()
    this.#beat.abort()
    this.#carrier.close()
  }

  async #round (): Promise<boolean> {
    const startedAt = this.#context.clock.now()
    this.#cancelNext()
    this.#beat.abort()
    const { signal } = this.#beat = new AbortController()
    const settled = await this.#converse(signal).catch((error: Error): Settled => ({ kind: 'back-off', trouble: 'unexpected', detail: error.message, isPassing: true }))
    if (signal.aborted) return true
    const delayMs = this.#settle(settled) - (settled.kind === 'follow' ? this.#context.clock.now() - startedAt : 0)
    if (!this.#isEnding) this.#cancelNext = this.#context.clock.after(Math.max(0, delayMs), () => { this.beat() })
    this.#context.settled(this)
    return settled.kind !== 'follow' && settled.isPassing
  }

  /** One beat: a message, and others at once as long as the answer asks for them. */
  async #converse (signal: AbortSignal): Promise<Settled> {
    const { clock } = this.#context
    let reaction: Reaction = { kind: 'back-off', trouble: 'superseded', detail: 'the id is contested', isPassing: true }
    let hasAdopted = false
    for (let messages = 0; messages < maxMessages && !signal.aborted; messages++) {
      const signedAt = Math.floor(clock.wall() / 1000) + this.#offsetSeconds
      const sent = this.#context.identity.incarnation
      const delivery = await this.#post(signedAt, signal)
      const isSigned = this.#context.settings.secret !== null
      reaction = reactionTo(delivery, { signedAt: isSigned ? signedAt : null, intervalMs: this.#intervalMs, wallMs: clock.wall() })
      if (reaction.kind === 'adopt-time' && !hasAdopted) {
        hasAdopted = true
        this.#offsetSeconds += reaction.serverTime - signedAt
        continue
      }
      if (reaction.kind === 'contest' && !this.#isEnding && this.#contest(sent, reaction)) continue
      break
    }
    return settledOf(reaction)
  }

  #post (signedAt: number, signal: AbortSignal): Promise<Delivery> {
    const { settings, heartbeat } = this.#context
    const [least, most] = timeoutRangeMs
    return this.#carrier.post(
      localAddress => messageOf(heartbeat(localAddress), this.url, settings, signedAt),
      Math.min(Math.max(this.#intervalMs, least), most),
      signal
    )
  }

  /** Answers a 409. False: this process gives way, and is quiet for a while. */
  #contest (sent: number, { incarnation: holder, sameOrigin }: Reaction & { kind: 'contest' }): boolean {
    const { identity, settings, log, isEnding } = this.#context
    const verdict = verdictOn({
      sent,
      current: identity.incarnation,
      holder,
      met: this.#metAs === identity.id,
      sharesPort: settings.id === null || sameOrigin,
      ending: isEnding(),
      yieldedTo: identity.yieldedTo,
      waitedFor: this.#waitedFor
    })
    if (verdict === 'raise') {
      identity.raiseAbove(holder)
      this.#metAs = identity.id
    }
    if (verdict === 'rename') {
      log.error({ gateway: this.url, id: settings.id, newId: identity.rename() }, 'another live process has the same id: give each its own')
    }
    if (verdict === 'yield') this.#yieldTo(holder)
    return verdict !== 'yield'
  }

  /** Told once, and not by a process that is about to end: that another one has its port by then is how a reload goes. */
  #yieldTo (holder: number): void {
    const { identity, log, isEnding } = this.#context
    if (identity.yieldedTo === null && !isEnding()) {
      log.warn({ gateway: this.url }, 'another live process sends heartbeats for the same port: unless it replaces this one, register the agent in one of them')
    }
    identity.yieldTo(holder)
    this.#metAs = identity.id
    this.#waitedFor = holder
  }

  /** Takes note of how a beat ended, and gives the time until the next one. */
  #settle (settled: Settled): number {
    const { random, identity, settings, cureOf } = this.#context
    this.#isAnswering = settled.kind === 'follow'
    if (settled.kind === 'follow') {
      this.#failures = 0
      this.#metAs = identity.id
      this.#directives = settled.answer
      this.#intervalMs = settled.answer.intervalMs ?? this.#intervalMs
      if (!this.#isEnding) this.#trouble.accepted(settings.service, settled.answer.id)
      return this.#intervalMs * (0.9 + 0.2 * random())
    }
    if (!this.#isEnding) this.#trouble.seen(settled.trouble, settled.detail, cureOf(settled.trouble, this.url))
    if (settled.kind === 'wait') return settled.delayMs * (1 + 0.1 * random())
    this.#failures += 1
    return random() * Math.min(this.#intervalMs, firstBackOffMs * 2 ** Math.min(this.#failures - 1, 16))
  }
}

/** What remains of an answer when no further message is to be sent for it. */
function settledOf (reaction: Reaction): Settled {
  if (reaction.kind === 'adopt-time') return { kind: 'wait', delayMs: refusedMs, trouble: 'unauthorized', detail: reaction.detail, isPassing: false }
  if (reaction.kind === 'contest') return { kind: 'wait', delayMs: refusedMs, trouble: 'superseded', detail: reaction.detail, isPassing: false }
  return reaction
}
