import { test } from 'tap'
import { strategies } from '../../../lib/strategies/index.js'
import { contextAt, makeEqual } from './fixtures.js'

test('the table — names the four strategies and cannot be changed', async t => {
  t.same(Object.keys(strategies), ['adaptive', 'least-connections', 'weighted-round-robin', 'random'])
  t.ok(Object.isFrozen(strategies))
})

for (const [name, make] of Object.entries(strategies)) {
  test(`${name} — has its own source of chance — when it is given none`, async t => {
    const candidates = makeEqual(3)
    t.ok(candidates.includes(make().pick(candidates, contextAt(0)) as typeof candidates[0]))
  })

  test(`${name} — takes the source of chance that it is given`, async t => {
    let asked = 0
    const strategy = make(() => {
      asked += 1
      return 0
    })
    t.equal(strategy.pick(makeEqual(3), contextAt(0)).node.info.id, 'a')
    t.ok(asked > 0)
  })
}
