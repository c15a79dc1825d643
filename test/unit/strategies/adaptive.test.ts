import { test } from 'tap'
import { adaptive } from '../../../lib/strategies/adaptive.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { aborted, begin, countPicks, makeCandidates, makeEqual, nodeAt, pickIds, response, tell } from './fixtures.js'
import type { NonEmpty, Strategy } from '../../../types/strategy.js'
import type { OpenCandidate } from './fixtures.js'

/** A strategy and candidates whose latencies it has measured at 0. */
function measured (latencies: NonEmpty<number>, candidates: NonEmpty<OpenCandidate> = makeEqual(latencies.length)): { strategy: Strategy, candidates: NonEmpty<OpenCandidate> } {
  const strategy = adaptive(seeded())
  for (const [index, { node }] of candidates.entries()) tell(strategy, node, response(latencies[index] ?? 0))
  return { strategy, candidates }
}

interface Row { name: string, weights?: NonEmpty<number>, inFlight: number[], latencies: NonEmpty<number>, picked: string }
const rows: readonly Row[] = [
  { name: 'it is faster', latencies: [50, 20, 30], inFlight: [0, 0, 0], picked: 'b' },
  { name: '50 ms and none in flight meet 50 ms and one', latencies: [50, 50], inFlight: [1, 0], picked: 'b' },
  { name: '50 ms with one in flight (100) meets 120 ms with none (oracle O46)', latencies: [50, 120], inFlight: [1, 0], picked: 'a' },
  { name: '50 ms with two in flight (150) meets 120 ms with none (oracle O46)', latencies: [50, 120], inFlight: [2, 0], picked: 'b' },
  { name: 'its weight makes up for its latency', latencies: [40, 100], weights: [1, 3], inFlight: [0, 0], picked: 'b' },
  { name: 'its weight is the fraction of a slow start', latencies: [10, 10], weights: [0.1, 1], inFlight: [0, 8], picked: 'b' },
  { name: 'the other is warming and this one is busy', latencies: [10, 10], weights: [0.1, 1], inFlight: [0, 10], picked: 'a' },
  { name: 'differences below 1 ms are noise and it is less busy', latencies: [0.1, 0.9], inFlight: [1, 0], picked: 'b' }
]

for (const { name, latencies, weights, inFlight, picked } of rows) {
  test(`adaptive — picks ${picked} — when ${name}`, async t => {
    const { strategy, candidates } = measured(latencies, makeCandidates(weights ?? [1, ...inFlight.slice(1).map(() => 1)], inFlight))
    t.same(pickIds(strategy, candidates, 1), [picked])
  })
}

test('adaptive — fills the idle node first — of two that are equally fast', async t => {
  const { strategy, candidates } = measured([10, 10])
  candidates[0].node.inFlight = 5
  const began = Array.from({ length: 5 }, () => begin(strategy, candidates).info.id)
  t.same(began, ['b', 'b', 'b', 'b', 'b'], 'oracle O30')
})

test('adaptive — takes nodes for equal — while there is no news of any', async t => {
  const strategy = adaptive(seeded())
  t.equal(new Set(pickIds(strategy, makeEqual(3), 50)).size, 3, `seed ${fixedSeed}`)
  t.same(countPicks(strategy, makeCandidates([1, 2]), 10), { a: 0, b: 10 }, 'so weights decide')
})

test('adaptive — takes a node without news for 30 ms — among nodes that have not answered', async t => {
  const pickedAfterWaitOf = (waitedMs: number): string[] => {
    const strategy = adaptive(() => 0)
    const candidates = makeEqual(2)
    pickIds(strategy, candidates, 1)
    tell(strategy, candidates[0].node, aborted(waitedMs))
    return pickIds(strategy, candidates, 1)
  }
  t.same(pickedAfterWaitOf(29), ['a'], 'a tie still: the client left too early to tell anything')
  t.same(pickedAfterWaitOf(31), ['b'])
})

/** Picks between a node without news and one of `latencyMs`, beside two busy ones of 10 and 30 ms. */
function pickBetween (latencyMs: number): string[] {
  const candidates = makeEqual(4, [0, 0, 1_000, 1_000])
  const strategy = adaptive(seeded())
  for (const [index, latency] of [latencyMs, 10, 30].entries()) tell(strategy, nodeAt(candidates, index === 0 ? 0 : index + 1), response(latency))
  return pickIds(strategy, candidates, 1)
}

test('adaptive — takes a node without news for the mean of those that answer', async t => {
  t.same(pickBetween(20.1), ['b'], 'the mean of 10, 30 and 20.1 is less than 20.1')
  t.same(pickBetween(19.9), ['a'], 'the mean of 10, 30 and 19.9 is more than 19.9')
})

test('adaptive — leaves failing nodes out of that mean', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(3, [0, 0, 1])
  tell(strategy, nodeAt(candidates, 0), response(1, 500))
  tell(strategy, nodeAt(candidates, 2), response(10))
  t.same(pickIds(strategy, candidates, 1), ['b'], 'it is taken for 10 ms and is idle')
})

test('adaptive — comes to a node without news in the end — although others answer ever so evenly', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(4)
  const steps = Array.from({ length: 50 }, (_, step) => step * 100)
  const picked = steps.map(now => {
    const [id = ''] = pickIds(strategy, candidates, 1, now)
    const { node } = candidates.find(each => each.node.info.id === id) ?? candidates[0]
    tell(strategy, node, response(5 + now % 300 / 100), now + 5)
    return id
  })
  t.same(new Set(picked), new Set(['a', 'b', 'c', 'd']), 'the least of some is always below their mean')
})

test('adaptive — sends one request to a node that never answers — while equal nodes do', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(6)
  const [silent] = candidates
  const sent: Record<string, number> = {}
  for (let now = 0; now < 60_000; now += 10) {
    const node = begin(strategy, candidates, now)
    sent[node.info.id] = (sent[node.info.id] ?? 0) + 1
    const answers = candidates.slice(1).filter(({ node: { inFlight } }) => inFlight > 0)
    for (const each of answers) {
      tell(strategy, each.node, response(5), now + 5)
      each.node.inFlight = 0
    }
  }
  t.equal(sent[silent.node.info.id], 1, `oracle O52, seed ${fixedSeed}`)
})

test('adaptive — spreads requests evenly — over identical nodes', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(5)
  const sent: Record<string, number> = {}
  for (let now = 0; now < 10_000; now += 1) {
    const node = begin(strategy, candidates, now)
    sent[node.info.id] = (sent[node.info.id] ?? 0) + 1
    tell(strategy, node, response(5), now)
    node.inFlight = 0
  }
  for (const [id, count] of Object.entries(sent)) t.ok(Math.abs(count - 2_000) < 200, `${id} has ${count} of 10,000 (oracle O54, seed ${fixedSeed})`)
})

test('adaptive — avoids a node that fails fast', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(4)
  const [failing] = candidates
  let failed = 0
  for (let now = 0; now < 10_000; now += 1) {
    const node = begin(strategy, candidates, now)
    const isFailing = node === failing.node
    failed += Number(isFailing)
    tell(strategy, node, isFailing ? response(1, 500) : response(20), now)
    node.inFlight = 0
  }
  t.ok(failed <= 2, `${failed} of 10,000 requests, seed ${fixedSeed}`)
})

test('adaptive — tries a penalised node again — when its penalty has decayed', async t => {
  const { strategy, candidates } = measured([10, 10])
  tell(strategy, candidates[0].node, response(1, 500), 0)
  const pickedAfter = (now: number): string[] => {
    tell(strategy, nodeAt(candidates, 1), response(10), now)
    return pickIds(strategy, candidates, 1, now)
  }
  t.same(pickedAfter(62_000), ['b'], 'oracle O43: 62.15 s from 5 s to 10 ms')
  t.same(pickedAfter(62_300), ['a'])
})

test('adaptive — still compares rightly — after hours and after weeks', async t => {
  const { strategy, candidates } = measured([10, 20])
  t.same(pickIds(strategy, candidates, 20), new Array(20).fill('a'))
  for (const now of [3_600_000, 30 * 86_400_000]) {
    t.equal(new Set(pickIds(strategy, candidates, 50, now)).size, 2, `nothing is left of the difference (seed ${fixedSeed})`)
    tell(strategy, candidates[0].node, response(40), now)
    tell(strategy, nodeAt(candidates, 1), response(30), now)
    t.same(pickIds(strategy, candidates, 20, now + 1_000), new Array(20).fill('b'))
  }
})

test('adaptive — sees the latency of a node in every list that it stands in', async t => {
  const { strategy, candidates } = measured([10, 20, 30])
  const [a, ...rest] = candidates
  const smaller = rest as [OpenCandidate, OpenCandidate]
  t.same(pickIds(strategy, smaller, 1), ['b'])
  tell(strategy, nodeAt(candidates, 1), response(1, 500))
  t.same(pickIds(strategy, smaller, 1), ['c'])
  tell(strategy, a.node, response(1, 500))
  t.same(pickIds(strategy, candidates, 1), ['c'])
})

test('adaptive — compares two drawn by weight — among more than 64', async t => {
  const latencies: NonEmpty<number> = [1_000, ...new Array<number>(99).fill(10)]
  const { strategy, candidates } = measured(latencies)
  const counts = countPicks(strategy, candidates, 10_000)
  t.equal(counts.a, 0, `the slow one never wins, seed ${fixedSeed}`)
  t.equal(Object.values(counts).filter(count => count > 0).length, 99)
})
