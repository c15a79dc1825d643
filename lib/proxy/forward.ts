import { AsyncResource } from 'node:async_hooks'
import { NoNodeError } from '../errors.js'
import { RunningAttempt } from './attempt.js'
import { errorOf, outcomeOf } from './failure.js'
import { decide } from './failover.js'
import { ReplayBody } from './replay.js'
import { retryAfterMsOf } from './retry-after.js'
import { Sending } from './send.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { ResolvedBalance } from '../options.js'
import type { Outcome } from '../../types/attempt.js'
import type { Clock } from '../../types/clock.js'
import type { Node, NodeInfo } from '../../types/node.js'
import type { Strategy } from '../../types/strategy.js'
import type { AttemptEvent } from './failover.js'
import type { Failure } from './failure.js'
import type { Pools } from './pools.js'
import type { OutgoingRequest, SendListener } from './send.js'
import type { Service } from './service.js'

/** A request on its way to a service. */
export interface ForwardRequest extends Omit<OutgoingRequest, 'body'> {
  readonly body: string | Buffer | ReplayBody | null
  readonly service: Service
  readonly strategy: Strategy
  readonly options: ResolvedBalance
  /** How long an attempt may take until its response head; Infinity: as long as the request. */
  readonly attemptTimeoutMs: number
  readonly idempotent: boolean
  /** The nodes that may be offered; null: all. */
  readonly admits: ((info: NodeInfo) => boolean) | null
  /** What consistent hashing hashes; asked for only by strategies that want it. */
  keyOf (): string
  /** A response that came whole may be handed over whole. */
  readonly mayBeWhole: boolean
}

/** Who waits for the answer. `relay` or `fail` is called once, unless the request is aborted before. */
export interface ForwardListener {
  relay (statusCode: number, headers: IncomingHttpHeaders, body: Buffer | Readable | undefined): void
  fail (error: Error): void
  /** An attempt failed and another node is tried. */
  failedOver (from: Node, event: AttemptEvent): void
}

/** What every request needs. */
export interface ForwardTools {
  readonly pools: Pools
  readonly clock: Clock
}

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
    if (!this.#next()) this.#fail(new NoNodeError(this.#request.service.name))
  }

  /** The client left: cuts the attempt off and frees what it held. */
  abort (): void {
    if (this.#isOver) return
    this.#end()
    this.#sending?.abandon()
    this.#attempt?.settle(this.#head?.outcome ?? { kind: 'aborted', elapsedMs: this.#elapsedMs() })
  }

  head (statusCode: number, headers: IncomingHttpHeaders): boolean {
    const attempt = this.#attempt
    if (this.#isOver || attempt === null) return false
    this.#cancelTimer()
    this.#spent++
    const isDraining = statusCode === 503 && headers['x-balance-draining'] === '1'
    const event: AttemptEvent = { kind: 'response', statusCode, isRetryable: this.#request.options.retryOn.has(statusCode), isDraining }
    const outcome = isDraining ? { kind: 'aborted', elapsedMs: this.#elapsedMs() } as const : this.#answered(statusCode, headers)
    attempt.respond(outcome)
    if (this.#mayFailOver(event)) {
      this.#wasLimited ||= statusCode === 429
      this.#failOver(event, outcome)
      return false
    }
    this.#head = { statusCode, headers, outcome }
    queueMicrotask(() => this.#relay())
    return true
  }

  failed (failure: Failure, error: Error): void {
    if (this.#isOver) return
    this.#cancelTimer()
    const clientError = this.#request.body instanceof ReplayBody ? this.#request.body.error : null
    if (clientError !== null) return this.abort()
    if (failure !== 'connect') this.#spent++
    const event: AttemptEvent = { kind: 'failure', failure }
    const outcome = outcomeOf(failure, error, this.#elapsedMs())
    if (this.#mayFailOver(event)) return this.#failOver(event, outcome)
    this.#attempt?.settle(outcome)
    this.#fail(errorOf(failure, this.#request.service.name, error))
  }

  ended (error: Error | null): void {
    if (this.#isOver) return
    if (error !== null && !this.#isRelayed) return this.failed('reset', error)
    const outcome: Outcome = error === null && this.#head !== null ? this.#head.outcome : { kind: 'error', error: error ?? noHead, sent: true, elapsedMs: this.#elapsedMs() }
    this.#attempt?.settle(outcome)
    if (this.#isRelayed) this.#end()
  }

  cancelled (): void {
    this.abort()
  }

  /** Sends the request to the next node. False: there is none. */
  #next (): boolean {
    const { service, strategy, admits, idempotent, keyOf } = this.#request
    const now = this.#tools.clock.now()
    const picked = service.pick({ strategy, tried: this.#tried, admits, idempotent, now, keyOf })
    if (picked === undefined) return false
    const { node } = picked
    this.#tried.push(node)
    this.#attempt = new RunningAttempt(node, this.#tried.length, now, service.observers)
    this.#head = null
    const sending = this.#sending = new Sending(this)
    this.#watch(sending, 0)
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

  /** Sets the one timer of an attempt to the next of its limits: connecting, its response head, the request's deadline. */
  #watch (sending: Sending, elapsedMs: number): void {
    const { options: { connectTimeoutMs }, attemptTimeoutMs } = this.#request
    const limitMs = sending.wasSent || elapsedMs >= connectTimeoutMs ? attemptTimeoutMs : Math.min(connectTimeoutMs, attemptTimeoutMs)
    const leftMs = this.#deadline - this.#tools.clock.now()
    this.#cancelTimer = this.#tools.clock.after(Math.max(0, Math.ceil(Math.min(limitMs - elapsedMs, leftMs))), () => this.#timeUp(sending))
  }

  #timeUp (sending: Sending): void {
    const failure = this.#failureOfTime(sending)
    if (failure === null) return this.#watch(sending, this.#elapsedMs())
    sending.abandon()
    this.failed(failure, new Error(`no response head after ${Math.round(this.#elapsedMs())} ms`))
  }

  #failureOfTime (sending: Sending): Failure | null {
    const elapsedMs = this.#elapsedMs()
    const { options: { connectTimeoutMs }, attemptTimeoutMs } = this.#request
    if (this.#tools.clock.now() >= this.#deadline) return 'deadline'
    if (!sending.wasSent && elapsedMs >= Math.min(connectTimeoutMs, attemptTimeoutMs)) return 'connect'
    return elapsedMs >= attemptTimeoutMs ? 'timeout' : null
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
    const body = sending.body(this.#request.mayBeWhole && headers['content-type'] !== undefined)
    if (sending.isComplete) this.#end()
    this.runInAsyncScope(this.#listener.relay, this.#listener, statusCode, headers, body)
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

  #answered (statusCode: number, headers: IncomingHttpHeaders): Outcome {
    const retryAfter = headers['retry-after']
    const retryAfterMs = retryAfter === undefined ? undefined : retryAfterMsOf(retryAfter, this.#tools.clock.wall())
    const latencyMs = this.#elapsedMs()
    return retryAfterMs === undefined ? { kind: 'response', statusCode, latencyMs } : { kind: 'response', statusCode, latencyMs, retryAfterMs }
  }

  #elapsedMs (): number {
    return this.#attempt === null ? 0 : this.#tools.clock.now() - this.#attempt.startedAt
  }
}

const noHead = new Error('the response ended before it began')

function nothing (): void {}
