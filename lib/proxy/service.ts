import { describe } from '../check.js'
import { NoNodeError, OptionError, QueueError } from '../errors.js'
import { strategies } from '../strategies/index.js'
import { RetryBudget } from './budget.js'
import { remaining, isNonEmpty } from './candidates.js'
import { Capacity } from './capacity.js'
import { Hedging } from './hedging.js'
import { Queue } from './queue.js'
import { Roster } from './roster.js'
import { Trickle } from './trickle.js'
import type { ResolvedBalance } from '../options/balance.js'
import type { ResolvedService } from '../options/service.js'
import type { Snapshot } from '../registry/snapshot.js'
import type { AttemptObserver } from '../../types/attempt.js'
import type { Clock, Random } from '../../types/clock.js'
import type { Node, NodeInfo } from '../../types/node.js'
import type { Try } from './try.js'
import type { Waiting } from './queue.js'
import type { Candidate, NonEmpty, PickContext, Strategy, StrategyFactory } from '../../types/strategy.js'

/** What picks need to know of the request. */
export interface PickRequest {
  readonly strategy: Strategy
  readonly tried: readonly Node[]
  readonly admits: ((info: NodeInfo) => boolean) | null
  readonly idempotent: boolean
  /** Monotonic milliseconds. */
  readonly now: number
  /** What consistent hashing hashes; asked for only by strategies that want it. */
  readonly keyOf: () => string
}

/** Which nodes a request asks for. */
export interface NodeQuery extends Pick<PickRequest, 'tried' | 'admits'> {
  /** Nodes that are full count as well. Default false. */
  readonly evenFull?: boolean
}

/** What a service is made from. */
export interface ServiceParts {
  readonly name: string
  /** undefined: the registry does not know the service. */
  readonly snapshotOf: () => Snapshot | undefined
  readonly observers: readonly AttemptObserver[]
  readonly rules: Pick<ResolvedService, 'maxInFlight' | 'queue' | 'retryBudget'>
  /** How long a request may wait for the first node now, ms; 0: not at all. */
  readonly warmUpMs: () => number
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
}

/** A service as the requests to it see it: who may be offered, the strategies in use, who learns from the attempts, and who waits. */
export class Service {
  readonly name: string
  readonly budget: RetryBudget
  /** The attempts that wait for a response head. */
  readonly unanswered: Roster<Try> = new Roster()
  readonly #parts: ServiceParts
  readonly #queue: Queue
  readonly #capacity: Capacity
  readonly #strategies = new Map<ResolvedBalance['strategy'], Strategy>()
  readonly #visitors = new WeakMap<StrategyFactory, Strategy>()
  readonly #trickle = new Trickle()
  #observers: readonly AttemptObserver[]
  #hedging: Hedging | null = null
  #isAdvancing = false

  constructor (parts: ServiceParts) {
    const { name, rules, observers, clock } = parts
    this.name = name
    this.budget = new RetryBudget(rules.retryBudget)
    this.#parts = parts
    this.#queue = new Queue(rules.queue.size, clock)
    this.#capacity = new Capacity(rules.maxInFlight, () => this.advance())
    this.#observers = [...observers, this.#capacity]
  }

  /** How many requests wait for a node. */
  get queued (): number {
    return this.#queue.length
  }

  /** Everyone that is told of the attempts at nodes that this strategy picked. */
  observersOf (strategy: Strategy): readonly AttemptObserver[] {
    return this.#observers.includes(strategy) ? this.#observers : [...this.#observers, strategy]
  }

  /** The strategy of this service by its name or factory; made at first use. All of them learn from every attempt of the service. */
  strategy (choice: ResolvedBalance['strategy']): Strategy {
    let strategy = this.#strategies.get(choice)
    if (strategy === undefined) {
      strategy = this.#make(typeof choice === 'function' ? choice : strategies[choice])
      this.#strategies.set(choice, strategy)
      this.#observers = [...this.#observers, strategy]
    }
    return strategy
  }

  /**
   * The strategy that a single call brings along. A factory that is made anew for every call must not pile up here: its strategy lives as
   * long as the factory, and learns from the attempts of such calls alone.
   */
  strategyOfCall (choice: ResolvedBalance['strategy']): Strategy {
    if (typeof choice !== 'function' || this.#strategies.has(choice)) return this.strategy(choice)
    let strategy = this.#visitors.get(choice)
    if (strategy === undefined) this.#visitors.set(choice, strategy = this.#make(choice))
    return strategy
  }

  /** Hedging; made at its first use, and learning from then on. */
  hedging (): Hedging {
    if (this.#hedging === null) {
      this.#hedging = new Hedging(this.budget)
      this.#observers = [...this.#observers, this.#hedging]
    }
    return this.#hedging
  }

  /** The next node for a request; undefined: there is none, or all are full. */
  pick (request: PickRequest): Candidate | undefined {
    const snapshot = this.#parts.snapshotOf()
    if (snapshot === undefined) return undefined
    const candidates = remaining(this.#capacity.withRoom(snapshot.candidates), request.tried, request.admits)
    if (!isNonEmpty(candidates)) return undefined
    const { now } = request
    const context = new Context(now, request.keyOf)
    if (snapshot.warming.length === 0) return this.#ask(request.strategy, candidates, context)

    const due = request.idempotent ? this.#trickle.due(snapshot.warming, candidates, now) : undefined
    const picked = due ?? this.#ask(request.strategy, candidates, context)
    if (snapshot.warming.includes(picked)) this.#trickle.picked(picked.node, now)
    return picked
  }

  /** An app's own strategy may be wrong. */
  #make (factory: StrategyFactory): Strategy {
    const strategy: unknown = isClass(factory) ? factory : factory(this.#parts.random)
    if (typeof strategy === 'object' && strategy !== null && 'pick' in strategy && typeof strategy.pick === 'function') return strategy as Strategy
    throw new OptionError(`the strategy of service '${this.name}' must be a function that gives { pick (candidates, context) { … } }, got ${isClass(factory) ? 'a class' : `one that gives ${describe(strategy)}`}`)
  }

  #ask (strategy: Strategy, candidates: NonEmpty<Candidate>, context: PickContext): Candidate {
    const picked: Candidate | undefined = strategy.pick(candidates, context)
    if (picked?.node !== undefined) return picked
    throw new OptionError(`the strategy of service '${this.name}' must pick one of the candidates that it is given, got ${describe(picked)}`)
  }

  /** Whether another node could be picked. */
  hasAnother ({ tried, admits, evenFull = false }: NodeQuery): boolean {
    const candidates = this.#parts.snapshotOf()?.candidates ?? []
    return remaining(evenFull ? candidates : this.#capacity.withRoom(candidates), tried, admits).length > 0
  }

  /** Lets a request wait for a node: while all are full, and for the first one in a gateway that has just started. Gives what leaves the queue; null: there is nothing to wait for, or no room to. */
  wait (waiting: Waiting, query: NodeQuery, deadline: number): (() => void) | null {
    const { rules, warmUpMs, clock } = this.#parts
    const isFull = this.hasAnother({ ...query, evenFull: true })
    const limitMs = isFull ? rules.queue.timeoutMs : query.tried.length === 0 ? warmUpMs() : 0
    const waitMs = Math.min(limitMs, deadline - clock.now())
    return waitMs > 0 ? this.#queue.join(waiting, waitMs) : null
  }

  /** Why a request that got no node has none. `waitedMs`: how long it was in the queue; 0: there was no room. */
  noneLeft (query: NodeQuery, waitedMs: number): Error {
    if (!this.hasAnother({ ...query, evenFull: true })) return new NoNodeError(this.name)
    return new QueueError(this.name, waitedMs === 0 ? 'its queue is full' : `none was free within ${Math.round(waitedMs)} ms`)
  }

  /** A node has become free, or has come: those who wait go on, at the end of this turn, when everyone has learned what has changed. */
  advance (): void {
    if (this.#queue.length === 0 || this.#isAdvancing) return
    this.#isAdvancing = true
    queueMicrotask(() => {
      this.#isAdvancing = false
      this.#queue.advance(() => this.#capacity.withRoom(this.#parts.snapshotOf()?.candidates ?? []).length > 0)
    })
  }

  /** Something speaks against a node: attempts that wait for its answer may go elsewhere. */
  doubt (id: string): void {
    for (const one of [...this.unanswered]) {
      if (one.attempt.node.info.id === id) one.doubt()
    }
  }
}

function isClass (factory: StrategyFactory): boolean {
  return /^class\b/.test(Function.prototype.toString.call(factory))
}

/** The key is made only when a strategy asks for it. */
class Context implements PickContext {
  readonly now: number
  readonly #keyOf: () => string

  constructor (now: number, keyOf: () => string) {
    this.now = now
    this.#keyOf = keyOf
  }

  get key (): string {
    return this.#keyOf()
  }
}
