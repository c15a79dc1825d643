import { test } from 'tap'
import { leastConnections } from '../../../lib/strategies/least-connections.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { begin, countPicks, makeCandidates, makeEqual, pickIds } from './fixtures.js'
import type { NonEmpty } from '../../../types/strategy.js'

const rows: ReadonlyArray<readonly [name: string, weights: NonEmpty<number>, inFlight: number[], picked: string]> = [
  ['the last is least busy (oracle O28)', [1, 1, 1, 1], [4, 3, 2, 1], 'd'],
  ['in flight 2 at weight 2 against 1 at weight 2 (oracle O19)', [2, 2], [2, 1], 'b'],
  ['all are idle and one has more weight', [1, 3, 2], [0, 0, 0], 'b'],
  ['the request to be sent makes the difference: 3/2 against 2/1', [2, 1], [2, 1], 'a'],
  ['weights are fractions of a slow start', [1, 0.1], [8, 0], 'a'],
  ['a warming node is idle long enough', [1, 0.1], [10, 0], 'b']
]

for (const [name, weights, inFlight, picked] of rows) {
  test(`least-connections — picks ${picked} — when ${name}`, async t => {
    t.same(pickIds(leastConnections(seeded()), makeCandidates(weights, inFlight), 1), [picked])
  })
}

test('least-connections — never picks the busier — of two', async t => {
  t.same(countPicks(leastConnections(seeded()), makeEqual(2, [5, 3]), 10_000), { a: 0, b: 10_000 }, `oracle O25, seed ${fixedSeed}`)
})

test('least-connections — sends all others elsewhere — while a node holds a hung request', async t => {
  t.same(countPicks(leastConnections(seeded()), makeEqual(2, [1, 0]), 10), { a: 0, b: 10 }, 'oracle O18')
})

test('least-connections — gives 1 and 2 of three at once — to weights 1 and 2', async t => {
  for (const chance of [0, 0.999]) {
    const candidates = makeCandidates([1, 2])
    const strategy = leastConnections(() => chance)
    for (let request = 0; request < 3; request++) begin(strategy, candidates)
    t.same(candidates.map(({ node }) => node.inFlight), [1, 2], `oracle O20, ties broken by ${chance}`)
  }
})

test('least-connections — spreads ties evenly — over idle nodes', async t => {
  const counts = countPicks(leastConnections(seeded()), makeEqual(3), 30_000)
  for (const [id, count] of Object.entries(counts)) t.ok(Math.abs(count - 10_000) < 400, `${id} has ${count} of 30,000 (seed ${fixedSeed})`)
})

test('least-connections — compares two drawn by weight — among more than 64', async t => {
  const weights: NonEmpty<number> = [99, ...new Array<number>(99).fill(1)]
  const counts = countPicks(leastConnections(seeded()), makeCandidates(weights), 10_000)
  t.ok((counts.a ?? 0) > 7_000, `the idle node with half of the weight is nearly always among them: ${counts.a} (seed ${fixedSeed})`)
})
