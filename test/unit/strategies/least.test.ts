import { test } from 'tap'
import { least } from '../../../lib/strategies/least.js'
import { fixedSeed, seeded } from '../../support/random.js'

const leastOf = (costs: number[], chance = 0): number => least(Float64Array.from(costs), costs.length, () => chance)

test('least — finds the least cost wherever it stands', async t => {
  t.equal(leastOf([4, 3, 2, 1]), 3, 'last (oracle O28)')
  t.equal(leastOf([1, 2, 3, 4]), 0, 'first')
  t.equal(leastOf([5, 3]), 1, 'a smaller one clears those before it (Caddy keeps both)')
  t.equal(leastOf([2, 3, 1, 3]), 2, 'in the middle')
})

test('least — does not look beyond the count — when the array is longer', async t => {
  t.equal(least(Float64Array.of(3, 2, 0), 2, () => 0), 1)
  t.equal(least(Float64Array.of(2, 2, 2), 2, () => 0.99), 1)
})

test('least — lets chance choose among equals and among no others', async t => {
  const costs = [7, 1, 9, 1, 1]
  t.same([0, 0.33, 0.34, 0.66, 0.67, 0.99].map(chance => leastOf(costs, chance)), [1, 1, 3, 3, 4, 4])
})

test('least — chooses the one — when all costs are infinite or there is only one', async t => {
  t.equal(leastOf([Infinity, Infinity], 0.5), 1)
  t.equal(leastOf([5], 0.99), 0)
})

test('least — passes over what is no number, and chooses the first — when nothing is one', async t => {
  t.equal(leastOf([NaN, 3, NaN, 2]), 3)
  t.equal(leastOf([2, NaN, 2], 0.99), 2)
  t.equal(leastOf([5, 1]), 1)
  t.equal(leastOf([NaN, NaN], 0.99), 0)
})

test('least — gives each of three equals a third within 0.5 % in a million draws', async t => {
  const random = seeded()
  const costs = Float64Array.of(1, 1, 1)
  const counts = [0, 0, 0]
  for (let draw = 0; draw < 1_000_000; draw++) {
    const index = least(costs, 3, random)
    counts[index] = (counts[index] ?? 0) + 1
  }
  for (const count of counts) t.ok(Math.abs(count / 1_000_000 - 1 / 3) < 0.005, `${count} of a million (oracle O29, seed ${fixedSeed})`)
})
