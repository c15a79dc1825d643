import { test } from 'tap'
import { weightedRoundRobin } from '../../../lib/strategies/weighted-round-robin.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { countPicks, makeCandidates, makeEqual, makeNode, pickIds } from './fixtures.js'
import type { NonEmpty } from '../../../types/strategy.js'
import type { OpenCandidate } from './fixtures.js'

/** It starts where nginx does. */
const fromStart = () => weightedRoundRobin(() => 0)

const rows: ReadonlyArray<readonly [weights: NonEmpty<number>, picked: string, source: string]> = [
  [[5, 1, 1], 'a a b a c a a a a', 'oracle O1'],
  [[3, 2, 1], 'a b a c b a a b', 'oracle O3'],
  [[1, 1, 1, 1], 'a b c d a', 'oracle O14'],
  [[3, 1], 'a a b a', 'oracle O36'],
  [[0.5, 0.1, 0.1], 'a a b a c a a', 'oracle O1 in tenths'],
  [[1e-12, 1e-12], 'a b a b', 'the least of weights'],
  [[7], 'a a a', 'oracle O37']
]

for (const [weights, picked, source] of rows) {
  test(`weighted-round-robin — picks ${picked} — for weights ${weights.join(', ')}`, async t => {
    t.equal(pickIds(fromStart(), makeCandidates(weights), picked.split(' ').length).join(' '), picked, source)
  })
}

test('weighted-round-robin — gives two equal nodes 15 of 30 each, wherever it starts', async t => {
  t.same(countPicks(weightedRoundRobin(seeded()), makeEqual(2), 30), { a: 15, b: 15 }, `oracle O15, seed ${fixedSeed}`)
})

test('weighted-round-robin — starts anywhere in the cycle and keeps its order — by chance', async t => {
  const starts = [0, 1, 2, 3, 4, 5, 6].map(step => pickIds(weightedRoundRobin(() => step / 7), makeCandidates([5, 1, 1]), 7).join(''))
  t.same(starts, ['aabacaa', 'abacaaa', 'bacaaaa', 'acaaaab', 'caaaaba', 'aaaabac', 'aaabaca'])
})

test('weighted-round-robin — starts at each of equal nodes equally often', async t => {
  const random = seeded()
  const counts = [0, 0, 0]
  for (let gateway = 0; gateway < 3_000; gateway++) {
    const candidates = makeEqual(3)
    const picked = candidates.indexOf(weightedRoundRobin(random).pick(candidates, { now: 0, key: '' }) as OpenCandidate)
    counts[picked] = (counts[picked] ?? 0) + 1
  }
  for (const count of counts) t.ok(Math.abs(count - 1_000) < 120, `${count} of 3,000 gateways (seed ${fixedSeed})`)
})

test('weighted-round-robin — goes on where it was — when a node joins, leaves or changes its weight', async t => {
  const strategy = fromStart()
  const [a, b, c] = [makeNode('a'), makeNode('b'), makeNode('c')]
  const list = (...nodes: NonEmpty<typeof a>): NonEmpty<OpenCandidate> => {
    const [first, ...rest] = nodes
    return [{ node: first, weight: 1 }, ...rest.map(node => ({ node, weight: 1 }))]
  }
  t.same(pickIds(strategy, list(a, b), 1), ['a'])
  t.same(pickIds(strategy, list(a, b), 1), ['b'], 'a new list of the same nodes does not begin again')
  t.same(pickIds(strategy, list(a, b), 1), ['a'])
  t.same(pickIds(strategy, list(a, b, c), 3), ['b', 'c', 'a'], 'one joined: b was next')
  t.same(pickIds(strategy, list(a, b, c), 1), ['b'])
  t.same(pickIds(strategy, list(b, c), 2), ['c', 'b'], 'one left: c was next')
  t.same(pickIds(strategy, [{ node: b, weight: 3 }, { node: c, weight: 1 }], 4).sort(), ['b', 'b', 'b', 'c'], 'a weight changed')
})

test('weighted-round-robin — neither serves a node nor owes it more — that a failover leaves out', async t => {
  const strategy = fromStart()
  const all = makeEqual(3)
  const [, ...others] = all
  t.same(pickIds(strategy, all, 1), ['a'])
  t.same(pickIds(strategy, others as [OpenCandidate, OpenCandidate], 1), ['b'], 'the failover takes the turn of the next')
  t.same(pickIds(strategy, all, 6), ['c', 'b', 'c', 'a', 'b', 'c'], 'a waits for its own turn')
})

test('weighted-round-robin — serves every node exactly its weight — of 200 in groups', async t => {
  const weights = Array.from({ length: 199 }, (_, index) => 1 + index % 4)
  const candidates = makeCandidates([4, ...weights])
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
  const strategy = weightedRoundRobin(seeded())
  pickIds(strategy, candidates, 123)
  const counts = countPicks(strategy, candidates, total)
  t.same(Object.values(counts), candidates.map(({ weight }) => weight), `seed ${fixedSeed}`)
})

test('weighted-round-robin — goes on where it was — when a list of groups changes', async t => {
  const strategy = fromStart()
  const [first, ...rest] = makeEqual(130)
  const picked = [0, 1, 2].flatMap(() => pickIds(strategy, [first, ...rest], 30))
  t.equal(new Set(picked).size, 90, 'nobody is served twice although the list was made anew')
})
