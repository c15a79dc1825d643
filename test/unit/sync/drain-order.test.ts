import { test } from 'tap'
import { drainOrderOf } from '../../../lib/sync/drain-order.js'

const order = { service: 'orders', id: 'a', draining: true, revision: 1_795_355_366_000 }

test('an order is taken as it is, but for what it says besides', async t => {
  t.same(drainOrderOf({ ...order, by: 'me' }), order)
})

test('what is no order is refused: no revision may be so high that none is higher', async t => {
  const rows = [null, 'order', {}, { ...order, service: '../x' }, { ...order, id: '' }, { ...order, draining: 1 }, { ...order, revision: NaN }, { ...order, revision: -1 }, { ...order, revision: 1e308 }, { ...order, revision: '7' }, { ...order, revision: Number.MAX_SAFE_INTEGER }]
  for (const row of rows) t.throws(() => drainOrderOf(row), { code: 'FST_BALANCE_OPTION' }, JSON.stringify(row))
})
