import type { Random } from '../../types/clock.js'
import type { HeartbeatBody } from '../../types/heartbeat.js'

/** Who this process says it is, the same for all gateways: its id, its incarnation, and the count of its messages. */
export class Identity {
  readonly #given: string | null
  readonly #random: Random
  #id: string | null
  #incarnation: number
  #seq = 0
  #yieldedTo: number | null = null

  /** `given`: the configured id; null: the gateway makes it of host and port. */
  constructor (given: string | null, startedAtWall: number, random: Random) {
    this.#given = given
    this.#random = random
    this.#id = given
    this.#incarnation = Math.max(0, Math.floor(startedAtWall))
  }

  get id (): string | null {
    return this.#id
  }

  get incarnation (): number {
    return this.#incarnation
  }

  /** The process that this one gave way to last, at whichever gateway, by its incarnation; null: none. */
  get yieldedTo (): number | null {
    return this.#yieldedTo
  }

  /** The part of a message that orders it. Each call counts. */
  next (): Pick<HeartbeatBody, 'id' | 'incarnation' | 'seq'> {
    this.#seq += 1
    return { ...this.#id === null ? {} : { id: this.#id }, incarnation: this.#incarnation, seq: this.#seq }
  }

  /** Becomes the newest process of its id. */
  raiseAbove (incarnation: number): void {
    this.#incarnation = Math.max(this.#incarnation, incarnation + 1)
  }

  /** Lets another process speak for both. */
  yieldTo (incarnation: number): void {
    this.#yieldedTo = incarnation
  }

  /** Leaves the configured id to another process, and takes one of its own. */
  rename (): string {
    const suffix = Math.floor(this.#random() * 0x10000).toString(16).padStart(4, '0')
    this.#id = `${(this.#given ?? '').slice(0, 123)}~${suffix}`
    return this.#id
  }
}

/** A 409 of one gateway, and what this process knows of it. */
export interface Contest {
  /** The incarnation of the message that was refused. */
  readonly sent: number
  /** The incarnation of this process now: another gateway may have raised it meanwhile. */
  readonly current: number
  /** The incarnation that holds the id. */
  readonly holder: number
  /** This gateway has accepted this process under its present id, or this process has raised its incarnation for it already. */
  readonly met: boolean
  /** The holder is at the origin of this process. With host:port as the id it always is. */
  readonly sharesPort: boolean
  /** This process drains, closes or has left. */
  readonly ending: boolean
  /** The holder that this process gave way to last, at whichever gateway; null: none. */
  readonly yieldedTo: number | null
  /** The holder that it gave way to at this gateway last; null: none. */
  readonly waitedFor: number | null
}

/**
 * What to do about a 409: `resend`, `raise` the incarnation, `rename`, or `yield` for a while.
 *
 * A process that ran before this one, with a clock that was ahead, can hold the id only when this gateway hears of us for the first time:
 * then we raise. Once it has accepted us, or we have raised above all that it knew, only a process that lives now can be above us again.
 * At another origin it has our configured id by mistake: we leave it the id. At our own it shares our port (node:cluster): it speaks for
 * both, at every gateway, and a second id at one origin would only replace the first. Whether it still lives cannot be seen, so we take over
 * when a while later it is still the same one that holds the id. Not when we are about to end: then it is our successor (a reload), and our
 * goodbye in its name would take it away.
 */
export function verdictOn ({ sent, current, holder, met, sharesPort, ending, yieldedTo, waitedFor }: Contest): 'resend' | 'raise' | 'rename' | 'yield' {
  if (sent !== current) return 'resend'
  if (ending && (met || yieldedTo !== null)) return 'yield'
  if (holder === waitedFor) return 'raise'
  if (holder === yieldedTo) return 'yield'
  if (!met) return 'raise'
  return sharesPort ? 'yield' : 'rename'
}
