import { test } from 'tap'
import { numberAt } from '../../../lib/strategies/number-at.js'

test('numberAt — gives the number within the array and NaN outside', async t => {
  const numbers = Float64Array.of(0, 1.5)
  t.same([-1, 0, 1, 2].map(index => numberAt(numbers, index)), [NaN, 0, 1.5, NaN])
})
