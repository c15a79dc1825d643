import type { Attempt, Outcome } from '../../types/attempt.js'
import type { Random } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { Candidate, NonEmpty, PickContext, Strategy, StrategyFactory } from '../../types/strategy.js'
import { Contenders } from './contenders.js'
import { entryAt } from './entry-at.js'
import { Latency } from './latency.js'
import { least } from './least.js'
import { failureMs, penaltyOf } from './penalty.js'

/** What a node without news is taken for while none of those it is compared with answers. Linkerd's. */
const unknownMs = 30
/** Below it differences are noise, and a node long unused would seem to answer at once. */
const leastMs = 1
/** How long values are compared as of the same instant: e^(1000 s / 10 s) is far from the end of the numbers. */
const baseLastsMs = 1_000_000

/** A candidate beside what is thought of its node. */
interface Rival extends Candidate {
  readonly candidate: Candidate
  readonly latency: Latency
}

/**
 * The default: least `latency × (inFlight + 1) / weight`, where latency is the moving peak of the time to the response head. It follows
 * nodes that are slower than others, and a failure counts as a long latency. All it knows is of this gateway's own traffic.
 */
export const adaptive: StrategyFactory = random => new Adaptive(random)

class Adaptive implements Strategy {
  readonly #random: Random
  readonly #contenders: Contenders<Rival>
  readonly #costs = new Float64Array(Contenders.most)
  readonly #latencies = new WeakMap<Node, Latency>()
  // All values are compared as of `#base`, a factor common to all: then a value changes with news only, and no pick decays 64 of them.
  #base = -Infinity

  constructor (random: Random) {
    this.#random = random
    this.#contenders = new Contenders(random, candidate =>
      ({ candidate, node: candidate.node, weight: candidate.weight, latency: this.#latencyOf(candidate.node) }))
  }

  pick (candidates: NonEmpty<Candidate>, { now }: PickContext): Candidate {
    const rivals = this.#contenders.of(candidates)
    this.#rank(rivals, now)
    return entryAt(rivals, least(this.#costs, rivals.length, this.#random)).candidate
  }

  responded (attempt: Attempt, outcome: Outcome): void {
    this.#learn(attempt, outcome)
  }

  settled (attempt: Attempt, outcome: Outcome): void {
    if (attempt.latencyMs === null) this.#learn(attempt, outcome)
    else if (outcome.kind === 'error') this.#learnBrokenBody(attempt, outcome.elapsedMs)
  }

  #learn ({ node, startedAt }: Attempt, outcome: Outcome): void {
    const latency = this.#latencyOf(node)
    const lastedMs = outcome.kind === 'response' ? outcome.latencyMs : outcome.elapsedMs
    const at = startedAt + lastedMs
    const penaltyMs = penaltyOf(outcome)
    if (penaltyMs !== undefined) latency.fail(penaltyMs, at)
    else if (outcome.kind === 'aborted') latency.wait(lastedMs, at)
    else latency.answer(lastedMs, at)
  }

  /** A failure, but the time that the body had flowed for is no time to a response head. */
  #learnBrokenBody ({ node, startedAt }: Attempt, elapsedMs: number): void {
    this.#latencyOf(node).fail(failureMs, startedAt + elapsedMs)
  }

  /** Writes the costs of all. */
  #rank (rivals: NonEmpty<Rival>, now: number): void {
    if (now - this.#base > baseLastsMs) this.#base = now
    const base = this.#base
    const scale = Latency.decayed(1, now, base)
    let index = 0
    let hasUnknown = false
    let sound = 0
    let sum = 0
    for (const { node, weight, latency } of rivals) {
      const value = Math.max(latency.valueAt(base), leastMs * scale)
      this.#costs[index++] = value * (node.inFlight + 1) / weight
      if (!latency.isKnown) hasUnknown = true
      if (!latency.isSound) continue
      sound += 1
      sum += value
    }
    if (hasUnknown) this.#rankUnknown(rivals, sound > 0 ? sum / sound : unknownMs * scale, leastMs * scale)
  }

  /**
   * Writes the costs of the nodes without news again. They are taken for the mean of those that answer, which decays while they are idle:
   * some are always faster than the mean, and would be picked for ever. One that owes an answer gets no more requests for it.
   */
  #rankUnknown (rivals: NonEmpty<Rival>, mean: number, floor: number): void {
    const base = this.#base
    let index = -1
    for (const { node, weight, latency } of rivals) {
      index += 1
      if (latency.isKnown) continue
      if (node.inFlight > 0 || !(latency.valueAt(base) < mean)) latency.guess(mean, base)
      this.#costs[index] = Math.max(latency.valueAt(base), floor) * (node.inFlight + 1) / weight
    }
  }

  #latencyOf (node: Node): Latency {
    const known = this.#latencies.get(node)
    if (known) return known
    const latency = new Latency()
    this.#latencies.set(node, latency)
    return latency
  }
}
