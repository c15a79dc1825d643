import type { AttemptObserver } from './attempt.js'
import type { Random } from './clock.js'
import type { Node } from './node.js'

/** A node that may be offered this attempt. */
export interface Candidate {
  readonly node: Node
  /** Effective weight now: the configured weight × the slow-start factor. Always above 0. */
  readonly weight: number
}

/** A list with at least one entry. */
export type NonEmpty<T> = readonly [T, ...T[]]

export interface PickContext {
  /** Monotonic milliseconds. */
  readonly now: number
  /** What consistent hashing hashes; the same key goes to the same node. */
  readonly key: string
}

/**
 * Decides which candidate receives an attempt. It knows nothing of states, leases, HTTP or options; it learns as an observer of attempts.
 * The list of candidates is immutable and the same object from pick to pick for as long as nothing changed, so what is derived from it
 * may be kept for it in a WeakMap.
 */
export interface Strategy extends AttemptObserver {
  pick (candidates: NonEmpty<Candidate>, context: PickContext): Candidate
}

/** Makes a strategy. Called once per service that uses it, so a strategy may keep state. */
export type StrategyFactory = (random: Random) => Strategy

/** The strategies that can be chosen by name. */
export type StrategyName = 'adaptive' | 'least-connections' | 'weighted-round-robin' | 'random'
