// The strategies without Fastify, and one of one's own. Compiling is the test.
import { strategies } from 'fastify-balance'
import type { Attempt, AttemptObserver, Candidate, NonEmpty, Outcome, PickContext, Random, Strategy, StrategyFactory, StrategyName } from 'fastify-balance'
import { is } from './equal.js'
import type { Equal } from './equal.js'

is<Equal<keyof typeof strategies, StrategyName>>()
is<Equal<Parameters<StrategyFactory>, [random: Random]>>()
is<Equal<Parameters<Strategy['pick']>, [candidates: NonEmpty<Candidate>, context: PickContext]>>()
is<Strategy extends AttemptObserver ? true : false>()

const seeded: Random = () => 0.5
const strategy: Strategy = strategies['least-connections'](seeded)
// @ts-expect-error a strategy is never given an empty list
strategy.pick([], { now: 0, key: '' })

export const heaviest: StrategyFactory = () => ({
  pick: candidates => candidates.reduce((best, next) => next.weight > best.weight ? next : best),
  settled: (attempt: Attempt, outcome: Outcome) => {
    if (outcome.kind === 'response') is<Equal<typeof outcome.statusCode, number>>()
    if (outcome.kind === 'error') is<Equal<typeof outcome.sent, boolean>>()
    // @ts-expect-error facts are read-only
    attempt.node.inFlight = 0
  }
})
// @ts-expect-error a strategy picks
export const idle: StrategyFactory = () => ({})
