import { errorOf } from './failure.js'
import { Sending } from './send.js'
import { timeLimitOf } from './time-limit.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from '../../types/attempt.js'
import type { Clock } from '../../types/clock.js'
import type { RunningAttempt } from './attempt.js'
import type { Failure } from './failure.js'
import type { Place, Roster } from './roster.js'
import type { SendListener } from './send.js'

/** The head of a response, and what it means for the node. */
export interface Answer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly outcome: Outcome
}

/** How long an attempt may take. */
export interface TryLimits {
  readonly connectTimeoutMs: number
  /** Until the response head; Infinity: as long as the request. */
  readonly attemptTimeoutMs: number
  /** When the request must have its response head, monotonic ms. */
  readonly deadline: number
}

/** Who runs the attempts of a request. What these throw is given to `crash`. */
export interface TryOwner {
  /** The response head is here. `false`: the response is not wanted. */
  answered (from: Try, statusCode: number, headers: IncomingHttpHeaders): boolean
  /** There will be no response head. */
  failed (from: Try, failure: Failure, error: Error): void
  /** The wanted response is complete. */
  ended (from: Try): void
  /** The wanted response broke off. */
  broken (from: Try, error: Error): void
  /** The node was ejected, or its lease has ended, and there is no response head yet. */
  doubted (from: Try): void
  /** Nobody reads the answer any more. */
  abort (): void
  /** A filter, a strategy, an observer or a hook of the app has thrown. */
  crash (error: unknown): void
}

/** An attempt with all that it holds: its place among those in flight, its connection, its timer. */
export class Try implements SendListener {
  readonly attempt: RunningAttempt
  readonly sending: Sending = new Sending(this)
  /** The response that is to be relayed. */
  answer: Answer | null = null
  #cancelTimer: () => void = nothing
  readonly #owner: TryOwner
  readonly #unanswered: Roster<Try>
  readonly #place: Place<Try>

  /** `unanswered`: all attempts of the service that wait for a response head. */
  constructor (attempt: RunningAttempt, owner: TryOwner, unanswered: Roster<Try>) {
    this.attempt = attempt
    this.#owner = owner
    this.#unanswered = unanswered
    this.#place = unanswered.join(this)
  }

  /** Sets the timer to the next of the attempt's limits, or ends the attempt when one is reached. */
  watch (limits: TryLimits, clock: Pick<Clock, 'now' | 'after'>): void {
    const { connectTimeoutMs, attemptTimeoutMs, deadline } = limits
    const now = clock.now()
    const elapsedMs = now - this.attempt.startedAt
    const limit = timeLimitOf({ wasSent: this.sending.wasSent, elapsedMs, leftMs: deadline - now }, connectTimeoutMs, attemptTimeoutMs)
    if (limit.failure === null) {
      this.#cancelTimer = clock.after(limit.afterMs, () => this.watch(limits, clock))
      return
    }
    this.sending.abandon()
    this.failed(limit.failure, new Error(`no response head after ${Math.round(elapsedMs)} ms`))
  }

  /** The response head is here. */
  respond (outcome: Outcome): void {
    this.#stopWaiting()
    this.attempt.respond(outcome)
  }

  /** Ends the attempt; later calls do nothing. */
  settle (outcome: Outcome): void {
    this.#stopWaiting()
    this.attempt.settle(outcome)
  }

  /** Cuts the attempt off, whatever has come of it. `elapsedMs`: since its start. */
  drop (elapsedMs: number): void {
    this.sending.abandon()
    this.settle(this.answer?.outcome ?? { kind: 'aborted', elapsedMs })
  }

  /** Something speaks against the node. */
  doubt (): void {
    this.#guarded(() => this.#owner.doubted(this))
  }

  head (statusCode: number, headers: IncomingHttpHeaders): boolean {
    try {
      return this.#owner.answered(this, statusCode, headers)
    } catch (error) {
      this.#owner.crash(error)
      return false
    }
  }

  failed (failure: Failure, error: Error): void {
    this.#guarded(() => this.#owner.failed(this, failure, error))
  }

  ended (): void {
    try {
      this.#owner.ended(this)
    } catch (error) {
      this.#owner.crash(error)
    }
  }

  broken (error: Error): Error {
    this.#guarded(() => this.#owner.broken(this, error))
    return errorOf('reset', this.attempt.node.info.service, error)
  }

  cancelled (): void {
    this.#guarded(() => this.#owner.abort())
  }

  #guarded (task: () => void): void {
    try {
      task()
    } catch (error) {
      this.#owner.crash(error)
    }
  }

  #stopWaiting (): void {
    this.#cancelTimer()
    this.#cancelTimer = nothing
    this.#unanswered.leave(this.#place)
  }
}

function nothing (): void {}
