import { AsyncResource } from 'node:async_hooks'
import { answerOf } from './answer.js'
import { RunningAttempt } from './attempt.js'
import { Chances } from './chances.js'
import { errorOf, outcomeOf } from './failure.js'
import { Race } from './race.js'
import { ReplayBody } from './replay.js'
import { Try } from './try.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'
import type { AttemptEvent } from './failover.js'
import type { Failure } from './failure.js'
import type { ForwardListener, ForwardRequest, ForwardTools } from './forward-request.js'
import type { Waiting } from './queue.js'
import type { TryOwner } from './try.js'

/** The attempts of one request: pick, send, decide, until an answer is relayed or nothing is left. */
export class Forward extends AsyncResource implements TryOwner, Waiting {
  readonly #request: ForwardRequest
  readonly #listener: ForwardListener
  readonly #tools: ForwardTools
  readonly #startedAt: number
  readonly #deadline: number
  readonly #chances: Chances
  readonly #race: Race
  #isOver = false
  #isRelayed = false
  /** Whose response is relayed, or will be. */
  #taken: Try | null = null
  #leaveQueue: (() => void) | null = null
  #cancelHedge: (() => void) | null = null

  constructor (request: ForwardRequest, listener: ForwardListener, tools: ForwardTools) {
    super('FASTIFY_BALANCE')
    this.#request = request
    this.#listener = listener
    this.#tools = tools
    this.#race = new Race(tools.clock)
    this.#startedAt = tools.clock.now()
    this.#deadline = this.#startedAt + request.options.timeoutMs
    this.#chances = new Chances(request, this.#deadline, tools.clock)
  }

  /** Begins the first attempt. */
  start (): void {
    this.#guarded(() => {
      this.#request.service.budget.deposit(this.#startedAt)
      this.#next(this.#startedAt)
      this.#planHedge()
    })
  }

  /** The client left: cuts the attempts off and frees what they held. */
  abort (): void {
    if (this.#isOver) return
    this.#guarded(() => {
      this.#end()
      this.#race.end()
    })
  }

  answered (from: Try, statusCode: number, headers: IncomingHttpHeaders): boolean {
    if (this.#isOver || !this.#race.has(from)) return false
    this.#chances.spent++
    const { event, outcome } = answerOf(statusCode, headers, this.#request.options.retryOn, { latencyMs: this.#race.elapsedMs(from), wallNow: this.#tools.clock.wall() })
    from.respond(outcome)
    // the other attempt may still do better
    if (this.#race.isHedged && (statusCode >= 500 || statusCode === 429)) {
      this.#race.leave(from, outcome)
      return false
    }
    if (this.#chances.mayFailOver(event)) {
      this.#failOver(from, event, outcome)
      return false
    }
    from.answer = { statusCode, headers, outcome }
    this.#taken = from
    this.#race.win(from)
    this.#tools.clock.atTurnEnd(() => this.runInAsyncScope(this.#relay, this))
    return true
  }

  failed (from: Try, cause: Failure, error: Error): void {
    if (this.#isOver || !this.#race.has(from)) return
    const { body } = this.#request
    // while it waits for the client, a node is not to blame, and no other would do better
    const failure = cause === 'timeout' && body instanceof ReplayBody && body.wasStarved ? 'deadline' : cause
    // an attempt whose response head was here is counted already
    if (failure !== 'connect' && from.answer === null) this.#chances.spent++
    this.#taken = null
    const fault = body instanceof ReplayBody ? body.error : null
    if (fault !== null) return this.#giveUp(from, 'client', fault)
    const outcome = outcomeOf(failure, error, this.#race.elapsedMs(from))
    if (this.#race.isHedged && failure !== 'deadline') return this.#race.leave(from, outcome)
    const event: AttemptEvent = { kind: 'failure', failure }
    if (this.#chances.mayFailOver(event)) return this.#failOver(from, event, outcome)
    this.#giveUp(from, failure, error)
  }

  ended (from: Try): void {
    if (this.#isOver || from.answer === null) return
    this.#race.leave(from, from.answer.outcome)
    if (this.#isRelayed) this.#end()
  }

  broken (from: Try, error: Error): void {
    if (this.#isOver) return
    if (!this.#isRelayed) return this.failed(from, 'reset', error)
    this.#end()
    this.#race.leave(from, { kind: 'error', error, sent: true, elapsedMs: this.#race.elapsedMs(from) })
  }

  doubted (from: Try): void {
    if (this.#isOver || from.answer !== null || !this.#race.has(from)) return
    const event: AttemptEvent = { kind: 'failure', failure: 'doubt' }
    const { isHedged } = this.#race
    this.#chances.spent++
    if (!isHedged && !this.#chances.mayFailOver(event)) {
      this.#chances.spent--
      return
    }
    from.sending.abandon()
    const outcome = outcomeOf('doubt', new Error('the node is in doubt'), this.#race.elapsedMs(from))
    if (isHedged) this.#race.leave(from, outcome)
    else this.#failOver(from, event, outcome)
  }

  /** What a filter, a strategy, an observer or a hook of the app throws ends this request, and nothing else. */
  crash (thrown: unknown): void {
    this.#fail(thrown instanceof Error ? thrown : new Error(String(thrown)))
  }

  proceed (): void {
    this.#guarded(() => {
      const now = this.#tools.clock.now()
      const node = this.#pick(now)
      if (node === null) return
      this.#leaveQueue?.()
      this.#leaveQueue = null
      this.#send(node, now)
    })
  }

  expired (waitedMs: number): void {
    this.#leaveQueue = null
    const { service, admits } = this.#request
    const isLate = this.#tools.clock.now() >= this.#deadline
    this.#fail(isLate ? errorOf('deadline', service.name, new Error('no node was free')) : service.noneLeft({ tried: this.#chances.tried, admits }, waitedMs))
  }

  #guarded (task: () => void): void {
    try {
      task()
    } catch (error) {
      this.crash(error)
    }
  }

  /** Sends the request to the next node, or waits for one. */
  #next (now: number): void {
    const node = this.#pick(now)
    if (node !== null) return this.#send(node, now)
    const { service, admits } = this.#request
    this.#leaveQueue = service.wait(this, { tried: this.#chances.tried, admits }, this.#deadline)
    if (this.#leaveQueue === null) this.#fail(service.noneLeft({ tried: this.#chances.tried, admits }, 0))
  }

  #pick (now: number): Node | null {
    const { service, strategy, admits, idempotent, keyOf } = this.#request
    return service.pick({ strategy, tried: this.#chances.tried, admits, idempotent, now, keyOf })?.node ?? null
  }

  #send (node: Node, now: number): void {
    const { service, strategy, options, attemptTimeoutMs, method, path, headers, body, bodyTimeout } = this.#request
    const attempt = new RunningAttempt(node, this.#chances.begin(node), now, service.observersOf(strategy), body instanceof ReplayBody && !body.hasEnded)
    if (body instanceof ReplayBody) body.whenEnded(() => this.#guarded(() => attempt.uploaded()))
    const begun = new Try(attempt, this, service.unanswered)
    this.#race.join(begun)
    if (this.#isOver) return this.#race.end()
    begun.watch({ connectTimeoutMs: options.connectTimeoutMs, attemptTimeoutMs, deadline: this.#deadline }, this.#tools.clock)
    // a limit was reached at once: the body belongs to the next attempt
    if (!this.#race.has(begun)) return
    const { pools, clock } = this.#tools
    begun.sending.start(pools.poolOf(node), { origin: node.info.origin, method, path, headers, body: body instanceof ReplayBody ? body.open() : body, bodyTimeout }, clock)
  }

  #planHedge (): void {
    const { hedge, service } = this.#request
    if (hedge === false || this.#isOver) return
    const delayMs = service.hedging().delayMs(hedge.percentile, this.#startedAt)
    if (delayMs < Infinity) this.#hedgeAfter(delayMs, hedge.maxRatio)
  }

  /** Sends the request to a second node as well, if the first has not answered by then. If it may not, that is tried again after twice as long. */
  #hedgeAfter (delayMs: number, maxRatio: number): void {
    this.#cancelHedge = this.#tools.clock.after(delayMs, () => this.#guarded(() => {
      const now = this.#tools.clock.now()
      const { waiting, isHedged } = this.#race
      if (waiting === null || isHedged) return
      const node = this.#chances.mayHedge(waiting.attempt, maxRatio, now) ? this.#pick(now) : null
      if (node === null) this.#hedgeAfter(2 * delayMs, maxRatio)
      else this.#send(node, now)
    }))
  }

  #failOver (from: Try, event: AttemptEvent, outcome: Outcome): void {
    this.#race.leave(from, outcome)
    if (this.#isOver) return
    this.#listener.failedOver(from.attempt.node, event)
    this.#next(this.#tools.clock.now())
  }

  /**
   * Hands the response over, at the end of the turn of the event loop in which its head came. A short body has come with it, and is handed over
   * whole; and the responses of a turn are written one after the other, for which their readers are woken once, and not for each.
   */
  #relay (): void {
    const taken = this.#taken
    if (this.#isOver || this.#isRelayed || taken === null || taken.answer === null) return
    this.#isRelayed = true
    if (this.#request.body instanceof ReplayBody) this.#request.body.release()
    const { statusCode, headers } = taken.answer
    // Fastify would call a Buffer without a type application/octet-stream
    const body = this.#request.mayBeWhole ? taken.sending.body(this.#request.keepsType && typeof headers['content-type'] === 'string') : taken.sending.stream()
    if (taken.sending.isComplete) this.#end()
    this.#guarded(() => this.#listener.relay(statusCode, headers, body))
  }

  #giveUp (from: Try, failure: Failure, error: Error): void {
    this.#race.leave(from, outcomeOf(failure, error, this.#race.elapsedMs(from)))
    this.#fail(errorOf(failure, this.#request.service.name, error))
  }

  #fail (error: Error): void {
    this.#end()
    this.runInAsyncScope(this.#listener.fail, this.#listener, error)
    this.#race.end()
  }

  #end (): void {
    this.#isOver = true
    this.#leaveQueue?.()
    this.#cancelHedge?.()
    if (this.#request.body instanceof ReplayBody) this.#request.body.end()
  }
}
