import { AsyncResource } from 'node:async_hooks'
import { NoNodeError } from '../errors.js'
import { answerOf } from './answer.js'
import { RunningAttempt } from './attempt.js'
import { errorOf, outcomeOf } from './failure.js'
import { decide } from './failover.js'
import { ReplayBody } from './replay.js'
import { Sending } from './send.js'
import { timeLimitOf } from './time-limit.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'
import type { AttemptEvent } from './failover.js'
import type { Failure } from './failure.js'
import type { ForwardListener, ForwardRequest, ForwardTools } from './forward-request.js'
import type { SendListener } from './send.js'

interface Head { readonly statusCode: number, readonly headers: IncomingHttpHeaders, readonly outcome: Outcome }

/** The attempts of one request: pick, send, decide, until an answer is relayed or nothing is left. */
export class Forward extends AsyncResource implements SendListener {
  readonly #request: ForwardRequest
  readonly #listener: ForwardListener
  readonly #tools: ForwardTools
  readonly #deadline: number
  readonly #tried: Node[] = []
  /** Attempts that reached a node. */
  #spent = 0
  #wasLimited = false
  #isOver = false
  #isRelayed = false
  #attempt: RunningAttempt | null = null
  #sending: Sending | null = null
  #head: Head | null = null
  #reader: Readable | null = null
  #cancelTimer: () => void = nothing

  constructor (request: ForwardRequest, listener: ForwardListener, tools: ForwardTools) {
    super('FASTIFY_BALANCE')
    this.#request = request
    this.#listener = listener
    this.#tools = tools
    this.#deadline = tools.clock.now() + request.options.timeoutMs
  }

  /** Begins the first attempt. */
  start (): void {
    this.#guard(() => this.#begin())
  }

  /** The client left: cuts the attempt off and frees what it held. */
  abort (): void {
    this.#guard(() => this.#abort())
  }

  head (statusCode: number, headers: IncomingHttpHeaders): boolean {
    return this.#guard(() => this.#answered(statusCode, headers)) ?? false
  }

  failed (failure: Failure, error: Error): void {
    this.#guard(() => this.#failed(failure, error))
  }

  ended (): void {
    if (this.#isOver || this.#head === null) return
    const { outcome } = this.#head
    this.#guard(() => this.#attempt?.settle(outcome))
    if (this.#isRelayed) this.#end()
  }

  broken (error: Error): Error {
    this.#guard(() => this.#broken(error))
    return errorOf('reset', this.#request.service.name, error)
  }

  cancelled (): void {
    this.abort()
  }

  /** What a filter, a strategy or a hook of the app throws ends this request, and nothing else. */
  #guard<T> (task: () => T): T | undefined {
    try {
      return task()
    } catch (error) {
      const thrown = error instanceof Error ? error : new Error(String(error))
      this.#fail(thrown)
      this.#sending?.abandon()
      this.#settleAsItStands()
      return undefined
    }
  }

  #begin (): void {
    if (!this.#next()) this.#fail(new NoNodeError(this.#request.service.name))
  }

  #abort (): void {
    if (this.#isOver) return
    this.#end()
    this.#sending?.abandon()
    this.#settleAsItStands()
  }

  #settleAsItStands (): void {
    this.#attempt?.settle(this.#head?.outcome ?? { kind: 'aborted', elapsedMs: this.#elapsedMs() })
  }

  #answered (statusCode: number, headers: IncomingHttpHeaders): boolean {
    const attempt = this.#attempt
    if (this.#isOver || attempt === null) return false
    this.#cancelTimer()
    this.#spent++
    const { event, outcome } = answerOf(statusCode, headers, this.#request.options.retryOn, { latencyMs: this.#elapsedMs(), wallNow: this.#tools.clock.wall() })
    attempt.respond(outcome)
    if (this.#mayFailOver(event)) {
      this.#wasLimited ||= statusCode === 429
      this.#failOver(event, outcome)
      return false
    }
    this.#head = { statusCode, headers, outcome }
    queueMicrotask(() => this.runInAsyncScope(() => this.#guard(() => this.#relay())))
    return true
  }

  #failed (failure: Failure, error: Error): void {
    if (this.#isOver) return
    this.#cancelTimer()
    const { body } = this.#request
    if (body instanceof ReplayBody && body.error !== null) return this.#giveUp('client', body.error)
    // an attempt whose response head was here is counted already
    if (failure !== 'connect' && this.#head === null) this.#spent++
    const event: AttemptEvent = { kind: 'failure', failure }
    if (this.#mayFailOver(event)) return this.#failOver(event, outcomeOf(failure, error, this.#elapsedMs()))
    this.#giveUp(failure, error)
  }

  #broken (error: Error): void {
    if (this.#isOver) return
    if (!this.#isRelayed) return this.#failed('reset', error)
    this.#end()
    this.#attempt?.settle({ kind: 'error', error, sent: true, elapsedMs: this.#elapsedMs() })
  }

  #giveUp (failure: Failure, error: Error): void {
    this.#attempt?.settle(outcomeOf(failure, error, this.#elapsedMs()))
    this.#fail(errorOf(failure, this.#request.service.name, error))
  }

  /** Sends the request to the next node. False: there is none. */
  #next (): boolean {
    const { service, strategy, admits, idempotent, keyOf } = this.#request
    const now = this.#tools.clock.now()
    const picked = service.pick({ strategy, tried: this.#tried, admits, idempotent, now, keyOf })
    if (picked === undefined) return false
    const { node } = picked
    this.#tried.push(node)
    this.#head = null
    this.#attempt = new RunningAttempt(node, this.#tried.length, now, service.observersOf(strategy))
    if (this.#isOver) {
      this.#settleAsItStands()
      return true
    }
    const sending = this.#sending = new Sending(this)
    this.#watch(sending)
    const { method, path, headers, bodyTimeout } = this.#request
    sending.start(this.#tools.pools.poolOf(node), { method, path, headers, body: this.#body(), bodyTimeout })
    return true
  }

  #body (): string | Buffer | Readable | null {
    const { body } = this.#request
    if (!(body instanceof ReplayBody)) return body
    this.#reader?.destroy()
    this.#reader = body.open()
    return this.#reader
  }

  /** Sets the timer of an attempt to the next of its limits, or ends it when one is reached. */
  #watch (sending: Sending): void {
    const { options: { connectTimeoutMs }, attemptTimeoutMs } = this.#request
    const progress = { wasSent: sending.wasSent, elapsedMs: this.#elapsedMs(), leftMs: this.#deadline - this.#tools.clock.now() }
    const limit = timeLimitOf(progress, connectTimeoutMs, attemptTimeoutMs)
    if (limit.failure === null) {
      this.#cancelTimer = this.#tools.clock.after(limit.afterMs, () => this.#guard(() => this.#watch(sending)))
      return
    }
    sending.abandon()
    this.#failed(limit.failure, new Error(`no response head after ${Math.round(progress.elapsedMs)} ms`))
  }

  #mayFailOver (event: AttemptEvent): boolean {
    const { body, idempotent, options, service, admits } = this.#request
    const replayable = !(body instanceof ReplayBody) || body.isReplayable
    const attemptsLeft = this.#spent < options.attempts
    return decide(event, { idempotent, replayable, attemptsLeft, wasLimited: this.#wasLimited }) === 'failover' &&
      this.#tools.clock.now() < this.#deadline && service.hasAnother({ tried: this.#tried, admits })
  }

  #failOver (event: AttemptEvent, outcome: Outcome): void {
    const attempt = this.#attempt
    attempt?.settle(outcome)
    if (this.#isOver) return
    if (attempt !== null) this.#listener.failedOver(attempt.node, event)
    if (!this.#next()) this.#fail(new NoNodeError(this.#request.service.name))
  }

  /** Hands the response over, at the end of the turn in which its head came: a short body has come with it, and is handed over whole. */
  #relay (): void {
    const sending = this.#sending
    if (this.#isOver || this.#head === null || sending === null) return
    this.#isRelayed = true
    if (this.#request.body instanceof ReplayBody) this.#request.body.release()
    const { statusCode, headers } = this.#head
    // Fastify would call a Buffer without a type application/octet-stream
    const body = this.#request.mayBeWhole ? sending.body(headers['content-type'] !== undefined) : sending.stream()
    if (sending.isComplete) this.#end()
    this.#listener.relay(statusCode, headers, body)
  }

  #fail (error: Error): void {
    this.#end()
    this.runInAsyncScope(this.#listener.fail, this.#listener, error)
  }

  #end (): void {
    this.#isOver = true
    this.#cancelTimer()
    if (this.#request.body instanceof ReplayBody) this.#request.body.release()
    this.#reader?.destroy()
  }

  #elapsedMs (): number {
    return this.#attempt === null ? 0 : this.#tools.clock.now() - this.#attempt.startedAt
  }
}

function nothing (): void {}
