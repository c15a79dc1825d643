import fc from 'fast-check'
import { test } from 'tap'
import { Latency } from '../../lib/strategies/latency.js'
import { Lottery } from '../../lib/strategies/lottery.js'
import { smooth } from '../../lib/strategies/smooth.js'
import { strategies } from '../../lib/strategies/index.js'
import { seeded } from '../support/random.js'
import { aborted, begin, contextAt, countPicks, error, makeCandidates, nodeAt, pickIds, response, tell } from '../unit/strategies/fixtures.js'
import type { Outcome } from '../../types/attempt.js'
import type { NonEmpty } from '../../types/strategy.js'
import type { OpenCandidate } from '../unit/strategies/fixtures.js'

const seeds = fc.integer()
const chance = fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true })
const latencies = fc.double({ min: 0, max: 100_000, noNaN: true })
const statuses = fc.constantFrom(200, 404, 429, 500, 501, 503)
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.tuple(latencies, statuses).map(([latencyMs, statusCode]) => response(latencyMs, statusCode)),
  latencies.map(elapsedMs => error(elapsedMs)),
  latencies.map(aborted)
)
/** Steps in time, most of them short and some of hours. */
const pauses = fc.oneof({ weight: 9, arbitrary: fc.nat(2_000) }, { weight: 1, arbitrary: fc.nat(20_000_000) })

/** Weights of at least `minLength` candidates. */
function weightsOf (weight: fc.Arbitrary<number>, minLength: number, maxLength: number): fc.Arbitrary<NonEmpty<number>> {
  return fc.tuple(weight, fc.array(weight, { minLength: minLength - 1, maxLength: maxLength - 1 })).map(([first, rest]) => [first, ...rest])
}

const anyWeight = fc.double({ min: 0.001, max: 1_000, noNaN: true })
const wholeWeight = fc.integer({ min: 1, max: 5 })

/** Candidates of any weight with any number in flight. */
function candidatesOf (minLength: number, maxLength: number): fc.Arbitrary<NonEmpty<OpenCandidate>> {
  return fc.tuple(weightsOf(anyWeight, minLength, maxLength), fc.array(fc.nat(50), { minLength: maxLength, maxLength }))
    .map(([weights, inFlight]) => makeCandidates(weights, inFlight))
}

for (const [name, make] of Object.entries(strategies)) {
  test(`${name} — picks a candidate it was given — for any list, news and pauses`, async () => {
    const news = fc.array(fc.tuple(fc.nat(), outcomes, pauses), { maxLength: 30 })
    fc.assert(fc.property(seeds, candidatesOf(1, 100), news, (seed, candidates, steps) => {
      const strategy = make(seeded(seed))
      let now = 0
      return steps.every(([index, outcome, pause]) => {
        now += pause
        tell(strategy, nodeAt(candidates, index % candidates.length), outcome, now)
        const others = candidates.slice(1 + index % candidates.length) as [OpenCandidate]
        const lists: Array<NonEmpty<OpenCandidate>> = [candidates, others].filter(list => list.length > 0)
        return lists.every(list => list.includes(strategy.pick(list, contextAt(now)) as OpenCandidate))
      })
    }))
  })
}

test('weighted-round-robin — gives every node exactly its weight — over Σ weight picks from any start', async () => {
  fc.assert(fc.property(seeds, weightsOf(wholeWeight, 1, 150), fc.nat(300), (seed, weights, before) => {
    const candidates = makeCandidates(weights)
    const strategy = strategies['weighted-round-robin'](seeded(seed))
    pickIds(strategy, candidates, before)
    const counts = countPicks(strategy, candidates, weights.reduce((sum, weight) => sum + weight))
    return candidates.every(({ node, weight }) => counts[node.info.id] === weight)
  }), { numRuns: 50 })
})

test('weighted-round-robin — serves each of equal nodes before any again — whatever the weight', async () => {
  fc.assert(fc.property(seeds, fc.integer({ min: 1, max: 64 }), anyWeight, fc.nat(1_000), (seed, count, weight, before) => {
    const candidates = makeCandidates([weight, ...new Array<number>(count - 1).fill(weight)])
    const strategy = strategies['weighted-round-robin'](seeded(seed))
    pickIds(strategy, candidates, before)
    return new Set(pickIds(strategy, candidates, count)).size === count
  }))
})

test('smooth turns — leave no claims — after Σ weight steps', async () => {
  fc.assert(fc.property(weightsOf(wholeWeight, 1, 20), ([first, ...rest]) => {
    const turn = (weight: number): { owner: number, weight: number, claim: { value: number } } => ({ owner: weight, weight, claim: { value: 0 } })
    const turns: NonEmpty<ReturnType<typeof turn>> = [turn(first), ...rest.map(turn)]
    for (let step = turns.reduce((sum, { weight }) => sum + weight, 0); step > 0; step--) smooth(turns)
    return turns.every(({ claim }) => claim.value === 0)
  }))
})

test('least-connections — never picks one that is strictly worse than another — of up to 64', async () => {
  fc.assert(fc.property(seeds, candidatesOf(1, 64), (seed, candidates) => {
    const { node, weight } = strategies['least-connections'](seeded(seed)).pick(candidates, contextAt(0))
    return candidates.every(other => (node.inFlight + 1) / weight <= (other.node.inFlight + 1) / other.weight)
  }))
})

for (const name of ['least-connections', 'adaptive'] as const) {
  test(`${name} — never picks the worst — of more than 64 with different costs`, async () => {
    fc.assert(fc.property(seeds, fc.integer({ min: 65, max: 100 }), (seed, count) => {
      const candidates = makeCandidates([1, ...new Array<number>(count - 1).fill(1)], Array.from({ length: count }, (_, index) => index))
      return !pickIds(strategies[name](seeded(seed)), candidates, 100).includes(nodeAt(candidates, count - 1).info.id)
    }))
  })

  test(`${name} — keeps costs within one request of each other — while requests only begin`, async () => {
    fc.assert(fc.property(seeds, weightsOf(wholeWeight, 2, 10), fc.nat(200), (seed, weights, requests) => {
      const strategy = strategies[name](seeded(seed))
      const candidates = makeCandidates(weights)
      for (let request = 0; request < requests; request++) begin(strategy, candidates)
      const next = Math.min(...candidates.map(({ node, weight }) => (node.inFlight + 1) / weight))
      return candidates.every(({ node, weight }) => node.inFlight / weight <= next + 1e-9)
    }))
  })
}

/** The cost of DESIGN.md §6, decayed at once for every pick. */
function costOf ({ node, weight }: OpenCandidate, latency: Latency, now: number): number {
  return Math.max(1, latency.valueAt(now)) * (node.inFlight + 1) / weight
}

test('adaptive — picks one of least latency × (in flight + 1) / weight — after any answers and pauses', async () => {
  const steps = fc.array(fc.tuple(fc.nat(), latencies, pauses), { maxLength: 60 })
  fc.assert(fc.property(seeds, candidatesOf(1, 20), steps, (seed, candidates, answers) => {
    const strategy = strategies.adaptive(seeded(seed))
    const model = candidates.map(({ node }) => {
      const latency = new Latency()
      latency.answer(10, 0)
      tell(strategy, node, response(10), 0)
      return latency
    })
    let now = 0
    return answers.every(([index, latencyMs, pause]) => {
      now += pause
      const place = index % candidates.length
      tell(strategy, nodeAt(candidates, place), response(latencyMs), now)
      model[place]?.answer(latencyMs, now)
      const costs = new Map(candidates.map((candidate, at) => [candidate.node, costOf(candidate, model[at] ?? new Latency(), now)]))
      const picked = costs.get(strategy.pick(candidates, contextAt(now)).node) ?? Infinity
      return picked <= Math.min(...costs.values()) * (1 + 1e-9)
    })
  }))
})

test('a latency — lies between what decays and the peak — after any news', async () => {
  const news = fc.array(fc.tuple(fc.constantFrom('answer', 'fail', 'wait', 'guess'), latencies, pauses), { minLength: 1, maxLength: 40 })
  fc.assert(fc.property(latencies, news, (first, steps) => {
    const latency = new Latency()
    latency.answer(first, 0)
    let now = 0
    let peak = first
    return steps.every(([kind, latencyMs, pause]) => {
      now += pause
      peak = Math.max(peak, latencyMs)
      const before = latency.valueAt(now)
      latency[kind](latencyMs, now)
      const after = latency.valueAt(now)
      return after >= before * (1 - 1e-9) && after <= peak
    })
  }))
})

test('a latency — grows with the answer — whatever was before', async () => {
  fc.assert(fc.property(fc.array(fc.tuple(latencies, pauses), { maxLength: 10 }), latencies, latencies, pauses, (before, one, other, pause) => {
    const after = (latencyMs: number): number => {
      const latency = new Latency()
      let now = 0
      for (const [each, step] of before) latency.answer(each, now += step)
      latency.answer(latencyMs, now += pause)
      return latency.valueAt(now)
    }
    return after(Math.min(one, other)) <= after(Math.max(one, other)) + 1e-9
  }))
})

test('lots — are different candidates, one after the other — for any weights and chances', async () => {
  fc.assert(fc.property(weightsOf(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), 2, 100), chance, chance, (weights, first, second) => {
    const candidates = makeCandidates(weights)
    const chances = [first, second]
    const lottery = new Lottery(() => chances.shift() ?? 0)
    const one = lottery.turn(candidates)
    const other = lottery.other(candidates, one)
    return one !== other && [one, other].every(each => candidates[each] !== undefined)
  }), { numRuns: 1_000 })
})
