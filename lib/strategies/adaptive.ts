import type { Attempt, Outcome } from '../../types/attempt.js'
import type { Random } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { Candidate, NonEmpty, PickContext, Strategy, StrategyFactory } from '../../types/strategy.js'
import { Contest } from './contest.js'
import { hotFactor, Heat } from './heat.js'
import { Latency } from './latency.js'
import { mostCompared } from './least.js'
import { numberAt } from './number-at.js'
import { failureMs, penaltyOf } from './penalty.js'

/** What a node without news is taken for while none of those it is compared with answers. Linkerd's. */
const unknownMs = 30
/** Below it differences are noise, and a node long unused would seem to answer at once. */
const leastMs = 1
/** How long values are compared as of the same instant: e^(1000 s / 10 s) is far from the end of the numbers. */
const baseLastsMs = 1_000_000
/** How long guesses stand at most, ms, before they are made anew. */
const guessLastsMs = 10
/** How often load reports are looked at, ms: they come once a second. */
const heatLastsMs = 100
/** The share of the others that must have room for those that are overloaded to be avoided. */
const leastCoolShare = 0.75

/** What is thought of a node. */
interface Standing {
  readonly latency: Latency
  readonly heat: Heat
}

/** A candidate beside what is thought of its node. */
interface Rival extends Candidate, Standing {
  readonly candidate: Candidate
}

/** Those that a pick compares. */
interface Lineup {
  readonly rivals: readonly Rival[]
  /** There are no others. */
  readonly areAll: boolean
  /** There is news of every node, so there is nothing to guess any more. */
  isKnown: boolean
  guessedAt: number
  /** Some are overloaded while others have room. */
  hasHot: boolean
  feltAt: number
}

/**
 * The default: least `latency × (inFlight + 1) / weight`, where latency is the moving peak of the time to the response head. It follows
 * nodes that are slower than others, and a failure counts as a long latency. All it knows is of this gateway's own traffic, but for one
 * thing: a node whose own reports say that it is overloaded costs four times as much.
 */
export const adaptive: StrategyFactory = random => new Adaptive(random)

class Adaptive implements Strategy {
  readonly #contest: Contest<Rival, Lineup>
  readonly #standings = new WeakMap<Node, Standing>()
  // All values are compared as of `#base`, a factor common to all (`scale`): they change with news only, and no pick decays 64 of them.
  #base = -Infinity
  /** The moving share of those with room among those of long lists that were compared lately. */
  #coolShare = 1

  constructor (random: Random) {
    this.#contest = new Contest<Rival, Lineup>(random, {
      memberOf: candidate => this.#rivalOf(candidate),
      groupOf: lineUp,
      rank: (lineup, costs, now) => this.#rank(lineup, costs, now)
    })
  }

  pick (candidates: NonEmpty<Candidate>, { now }: PickContext): Candidate {
    return this.#contest.winner(candidates, now).candidate
  }

  responded (attempt: Attempt, outcome: Outcome): void {
    this.#learn(attempt, outcome)
  }

  settled (attempt: Attempt, outcome: Outcome): void {
    if (attempt.latencyMs === null) this.#learn(attempt, outcome)
    else if (outcome.kind === 'error') this.#learnBrokenBody(attempt, outcome.elapsedMs)
  }

  #learn ({ node, startedAt }: Attempt, outcome: Outcome): void {
    const { latency } = this.#standingOf(node)
    const lastedMs = outcome.kind === 'response' ? outcome.latencyMs : outcome.elapsedMs
    const at = startedAt + lastedMs
    const penaltyMs = penaltyOf(outcome)
    if (penaltyMs !== undefined) latency.fail(penaltyMs, at)
    else if (outcome.kind === 'aborted') latency.wait(lastedMs, at)
    else latency.answer(lastedMs, at)
  }

  /** A failure, but the time that the body had flowed for is no time to a response head. */
  #learnBrokenBody ({ node, startedAt }: Attempt, elapsedMs: number): void {
    this.#standingOf(node).latency.fail(failureMs, startedAt + elapsedMs)
  }

  #rank (lineup: Lineup, costs: Float64Array, now: number): void {
    if (now - this.#base > baseLastsMs) this.#base = now
    const scale = Latency.decayed(1, now, this.#base)
    if (!lineup.isKnown && now - lineup.guessedAt >= guessLastsMs) {
      lineup.guessedAt = now
      this.#guess(lineup, scale)
    }
    if (now - lineup.feltAt >= heatLastsMs) {
      lineup.feltAt = now
      lineup.hasHot = this.#feel(lineup)
    }
    this.#write(costs, lineup.rivals, leastMs * scale)
    if (lineup.hasHot) this.#penalizeHot(costs, lineup.rivals)
  }

  #write (costs: Float64Array, rivals: readonly Rival[], floor: number): void {
    const base = this.#base
    let index = 0
    for (const { node, weight, latency } of rivals) {
      costs[index++] = Math.max(latency.valueAt(base), floor) * (node.inFlight + 1) / weight
    }
  }

  /**
   * Looks at the newest load reports. Unless most other nodes have room they tell nothing: when all are busy, who is hot is chance, and all
   * gateways would leave the same nodes for the same others.
   */
  #feel ({ rivals, areAll }: Lineup): boolean {
    let hot = 0
    let cool = 0
    for (const { node, heat } of rivals) {
      if (heat.isHot(node.load)) hot++
      if (heat.isCool(node.load)) cool++
    }
    if (areAll) return hot > 0 && cool / (rivals.length - 1) >= leastCoolShare
    this.#coolShare += (cool / rivals.length - this.#coolShare) / mostCompared
    return hot > 0 && this.#coolShare >= leastCoolShare
  }

  /** A node that is overloaded by its own word is avoided while there are better ones. */
  #penalizeHot (costs: Float64Array, rivals: readonly Rival[]): void {
    let index = 0
    for (const { node, heat } of rivals) {
      if (heat.isHot(node.load)) costs[index] = numberAt(costs, index) * hotFactor
      index++
    }
  }

  /**
   * Takes nodes without news for the mean of those that answer. A guess decays while the node is idle, for some are always below the mean
   * and would be picked for ever. One that owes an answer is not tried more often for owing it.
   */
  #guess (lineup: Lineup, scale: number): void {
    const base = this.#base
    let sound = 0
    let sum = 0
    lineup.isKnown = true
    for (const { latency } of lineup.rivals) {
      if (!latency.isKnown) lineup.isKnown = false
      if (!latency.isSound) continue
      sound += 1
      sum += Math.max(latency.valueAt(base), leastMs * scale)
    }
    const mean = sound > 0 ? sum / sound : unknownMs * scale
    for (const { node, latency } of lineup.rivals) {
      if (node.inFlight > 0 || !(latency.valueAt(base) < mean)) latency.guess(mean, base)
    }
  }

  #rivalOf (candidate: Candidate): Rival {
    const { node, weight } = candidate
    const { latency, heat } = this.#standingOf(node)
    return { candidate, node, weight, latency, heat }
  }

  #standingOf (node: Node): Standing {
    const known = this.#standings.get(node)
    if (known) return known
    const standing = { latency: new Latency(), heat: new Heat() }
    this.#standings.set(node, standing)
    return standing
  }
}

function lineUp (rivals: readonly Rival[], areAll: boolean): Lineup {
  return { rivals, areAll, isKnown: false, guessedAt: -Infinity, hasHot: false, feltAt: -Infinity }
}
