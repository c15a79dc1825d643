import { entryAt } from '../../../lib/strategies/entry-at.js'
import type { Attempt, Outcome } from '../../../types/attempt.js'
import type { Node } from '../../../types/node.js'
import type { Candidate, NonEmpty, PickContext, Strategy } from '../../../types/strategy.js'

/** A node of which tests set the facts. */
export type OpenNode = { -readonly [Fact in keyof Node]: Node[Fact] }

/** A candidate with such a node. */
export interface OpenCandidate extends Candidate {
  readonly node: OpenNode
}

export function makeNode (id: string, facts: Partial<OpenNode> = {}): OpenNode {
  return {
    info: { service: 'orders', id, origin: `http://${id}:3000`, address: null, weight: 1, zone: null, version: null, tags: {}, static: true },
    inFlight: 0,
    load: null,
    leaseUntil: Infinity,
    upSince: -Infinity,
    ejectedUntil: -Infinity,
    failsChecks: false,
    draining: false,
    drainRequested: false,
    ...facts
  }
}

/** Candidates of these weights; their ids are a, b, c, … and their in-flight counts those given, else 0. */
export function makeCandidates (weights: NonEmpty<number>, inFlight: readonly number[] = []): NonEmpty<OpenCandidate> {
  const [first, ...rest] = weights
  const make = (weight: number, index: number): OpenCandidate =>
    ({ node: makeNode(idOf(index), { inFlight: inFlight[index] ?? 0 }), weight })
  return [make(first, 0), ...rest.map((weight, index) => make(weight, index + 1))]
}

/** As many candidates of weight 1. */
export function makeEqual (count: number, inFlight: readonly number[] = []): NonEmpty<OpenCandidate> {
  return makeCandidates([1, ...new Array<number>(count - 1).fill(1)], inFlight)
}

/** The node of the candidate at an index, which must be there. */
export function nodeAt (candidates: NonEmpty<OpenCandidate>, index: number): OpenNode {
  return entryAt(candidates, index).node
}

/** a to z, then n26, n27, … */
function idOf (index: number): string {
  return 'abcdefghijklmnopqrstuvwxyz'[index] ?? `n${index}`
}

export function contextAt (now: number): PickContext {
  return { now, key: 'key' }
}

/** The ids of the next picks. */
export function pickIds (strategy: Strategy, candidates: NonEmpty<Candidate>, count: number, now = 0): string[] {
  return Array.from({ length: count }, () => strategy.pick(candidates, contextAt(now)).node.info.id)
}

/** How often each id was picked in the next picks. */
export function countPicks (strategy: Strategy, candidates: NonEmpty<Candidate>, count: number, now = 0): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(candidates.map(({ node }) => [node.info.id, 0]))
  for (const id of pickIds(strategy, candidates, count, now)) counts[id] = (counts[id] ?? 0) + 1
  return counts
}

/** Begins a request: picks a node and counts it in flight, as the gateway does. */
export function begin (strategy: Strategy, candidates: NonEmpty<OpenCandidate>, now = 0): OpenNode {
  const picked = strategy.pick(candidates, contextAt(now))
  const node = nodeAt(candidates, candidates.findIndex(each => each === picked))
  node.inFlight += 1
  strategy.started?.(makeAttempt(node, now))
  return node
}

/** An attempt; with `latencyMs`, one whose response head is here. */
export function makeAttempt (node: Node, startedAt = 0, latencyMs: number | null = null): Attempt {
  return { node, number: 1, startedAt, latencyMs }
}

/** A request from begin to end, whose outcome comes at `at`. */
export function tell (strategy: Strategy, node: Node, outcome: Outcome, at = 0): void {
  if (outcome.kind !== 'response') {
    const attempt = makeAttempt(node, at - outcome.elapsedMs)
    strategy.started?.(attempt)
    strategy.settled?.(attempt, outcome)
    return
  }
  const attempt = makeAttempt(node, at - outcome.latencyMs, outcome.latencyMs)
  strategy.started?.({ ...attempt, latencyMs: null })
  strategy.responded?.(attempt, outcome)
  strategy.settled?.(attempt, outcome)
}

export function response (latencyMs: number, statusCode = 200, retryAfterMs?: number): Outcome {
  const head = { kind: 'response', statusCode, latencyMs } as const
  return retryAfterMs === undefined ? head : { ...head, retryAfterMs }
}

export function error (elapsedMs: number, sent = true): Outcome {
  return { kind: 'error', error: new Error('reset'), sent, elapsedMs }
}

export function aborted (elapsedMs: number): Outcome {
  return { kind: 'aborted', elapsedMs }
}
