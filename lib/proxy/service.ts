import { strategies } from '../strategies/index.js'
import { remaining, isNonEmpty } from './candidates.js'
import { Trickle } from './trickle.js'
import type { ResolvedBalance } from '../options.js'
import type { Snapshot } from '../registry/snapshot.js'
import type { AttemptObserver } from '../../types/attempt.js'
import type { Random } from '../../types/clock.js'
import type { Node, NodeInfo } from '../../types/node.js'
import type { Candidate, PickContext, Strategy, StrategyFactory } from '../../types/strategy.js'

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

/** A service as the requests to it see it: who may be offered, the strategies in use, and who learns from the attempts. */
export class Service {
  readonly name: string
  readonly #snapshotOf: () => Snapshot | undefined
  readonly #random: Random
  readonly #strategies = new Map<ResolvedBalance['strategy'], Strategy>()
  readonly #visitors = new WeakMap<StrategyFactory, Strategy>()
  readonly #trickle = new Trickle()
  #observers: readonly AttemptObserver[]

  constructor (name: string, snapshotOf: () => Snapshot | undefined, observers: readonly AttemptObserver[], random: Random) {
    this.name = name
    this.#snapshotOf = snapshotOf
    this.#observers = observers
    this.#random = random
  }

  /** Everyone that is told of the attempts at nodes that this strategy picked. */
  observersOf (strategy: Strategy): readonly AttemptObserver[] {
    return this.#observers.includes(strategy) ? this.#observers : [...this.#observers, strategy]
  }

  /** The strategy of this service by its name or factory; made at first use. All of them learn from every attempt of the service. */
  strategy (choice: ResolvedBalance['strategy']): Strategy {
    let strategy = this.#strategies.get(choice)
    if (strategy === undefined) {
      strategy = typeof choice === 'function' ? choice(this.#random) : strategies[choice](this.#random)
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
    if (strategy === undefined) this.#visitors.set(choice, strategy = choice(this.#random))
    return strategy
  }

  /** The next node for a request; undefined: there is none. */
  pick (request: PickRequest): Candidate | undefined {
    const snapshot = this.#snapshotOf()
    if (snapshot === undefined) return undefined
    const candidates = remaining(snapshot.candidates, request.tried, request.admits)
    if (!isNonEmpty(candidates)) return undefined
    const { now } = request
    const context = new Context(now, request.keyOf)
    if (snapshot.warming.length === 0) return request.strategy.pick(candidates, context)

    const due = request.idempotent ? this.#trickle.due(snapshot.warming, candidates, now) : undefined
    const picked = due ?? request.strategy.pick(candidates, context)
    if (snapshot.warming.includes(picked)) this.#trickle.picked(picked.node, now)
    return picked
  }

  /** Whether another node could be picked. */
  hasAnother ({ tried, admits }: Pick<PickRequest, 'tried' | 'admits'>): boolean {
    const snapshot = this.#snapshotOf()
    return snapshot !== undefined && remaining(snapshot.candidates, tried, admits).length > 0
  }
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
