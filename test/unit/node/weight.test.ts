import fc from 'fast-check'
import { test } from 'tap'
import { slowStartFactor, slowStartFloor } from '../../../lib/node/weight.js'
import { nodeWith } from './fixtures.js'

const upSince = 5000
const node = nodeWith({ upSince })

test('slow start rises linearly from the floor — 60 s, as ORACLES.md O106 has it', async t => {
  const rows: ReadonlyArray<readonly [ageS: number, factor: number]> = [[0, 0.1], [5, 0.1], [6, 0.1], [15, 0.25], [30, 0.5], [60, 1]]
  for (const [ageS, factor] of rows) t.equal(slowStartFactor(node, upSince + ageS * 1000, 60_000), factor, `${ageS} s`)
})

test('slow start ends exactly at its instant — t-1, t, t+1', async t => {
  t.same([-1, 0, 1].map(by => slowStartFactor(node, upSince + 10_000 + by, 10_000)), [0.9999, 1, 1])
})

test('a node has its full share at once — where slow start is off, or the node needs none', async t => {
  t.equal(slowStartFactor(node, upSince, 0), 1)
  t.equal(slowStartFactor(nodeWith({}), 0, 10_000), 1)
})

test('a node that is yet to come back has the floor — while upSince lies ahead', async t => {
  t.equal(slowStartFactor(node, upSince - 1, 10_000), slowStartFloor)
  t.equal(slowStartFactor(node, upSince - 1, 0), slowStartFloor)
})

test('the factor never falls with age and stays between the floor and 1 — for any age and duration', async t => {
  const ms = fc.double({ min: 0, max: 1e6, noNaN: true })
  t.doesNotThrow(() => fc.assert(fc.property(ms, ms, ms, (slowStartMs, one, other) => {
    const [younger, older] = [Math.min(one, other), Math.max(one, other)].map(age => slowStartFactor(node, upSince + age, slowStartMs)) as [number, number]
    return younger >= slowStartFloor && younger <= older && older <= 1
  })))
})
