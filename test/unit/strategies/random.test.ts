import { test } from 'tap'
import { random } from '../../../lib/strategies/random.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { countPicks, makeCandidates, makeEqual } from './fixtures.js'

test('random — gives each node the share of its weight within 1 %', async t => {
  const counts = countPicks(random(seeded()), makeCandidates([5, 0.5, 2, 2.5]), 100_000)
  const shares = Object.values(counts).map(count => count / 100_000)
  const expected = [0.5, 0.05, 0.2, 0.25]
  for (const [index, share] of shares.entries()) t.ok(Math.abs(share - (expected[index] ?? 0)) < 0.01, `${share} for ${expected[index]} (seed ${fixedSeed})`)
})

test('random — reaches the first and the last of 10,000', async t => {
  const candidates = makeEqual(10_000)
  const picked = [0, 1 - 2 ** -53].map(chance => random(() => chance).pick(candidates, { now: 0, key: '' }))
  t.same(picked.map(each => candidates.indexOf(each)), [0, 9_999])
})
