import { test } from 'tap'
import { SharedDrains } from '../../../lib/sync/shared-drains.js'
import type { DrainOrder, NodeChange } from '../../../types/index.js'

const wallAt = 1_795_355_366_000
const orderOf = (draining: boolean, revision: number, id: string = 'a'): DrainOrder => ({ service: 'orders', id, draining, revision })
const came: NodeChange = { service: 'orders', id: 'a', origin: '', from: null, to: 'up', reason: 'registered' }

/** The orders of a gateway that knows those nodes. */
function drainsWith (known: string[] = ['a']) {
  let now = 1000
  const put: DrainOrder[] = []
  const drained: string[] = []
  const refused: string[] = []
  const drains = new SharedDrains({
    now: () => now,
    wall: () => wallAt - 1000 + now,
    drain: (_service, id, draining) => known.includes(id) && drained.push(`${id} ${draining}`) > 0,
    has: (_service, id) => known.includes(id),
    put: (_key, order) => put.push(order),
    refused: (_order, error) => refused.push(error.message)
  })
  return { drains, known, drained, refused, put: () => put.splice(0), pass: (ms: number) => { now += ms }, see: (orders: readonly DrainOrder[], complete = false) => drains.take({ drains: orders, complete }) }
}

test('an order counts on from the one that is known, and from the time where none is', async t => {
  const { drains, put, see } = drainsWith()
  drains.order('orders', 'a', true)
  drains.order('orders', 'a', false)
  see([orderOf(true, wallAt + 9000)])
  drains.order('orders', 'a', false)
  t.same(put(), [orderOf(true, wallAt), orderOf(false, wallAt + 1), orderOf(false, wallAt + 9001)])
})

test('what another gateway orders holds when its revision is higher, and once', async t => {
  const { drains, drained, see } = drainsWith()
  see([orderOf(true, 5)])
  see([orderOf(true, 5)])
  see([orderOf(false, 4)])
  t.same(drained, ['a true'])
  drains.order('orders', 'a', false)
  see([orderOf(true, 5)])
  t.same(drained, ['a true'], 'ours is newer')
})

test('of two orders that were made at the same instant that one holds which the store has', async t => {
  const [one, other] = [drainsWith(), drainsWith()]
  one.drains.order('orders', 'a', true)
  other.drains.order('orders', 'a', false)
  const stored = one.put()
  for (const { see } of [one, other]) see(stored)
  t.same([one.drained, other.drained], [[], ['a true']])
})

test('an order for a node that is not known yet holds when it comes', async t => {
  const { drains, known, drained, see } = drainsWith([])
  see([orderOf(true, 5)])
  t.same(drained, [])
  known.push('a')
  drains.came(came)
  t.same(drained, ['a true'])
  drains.order('orders', 'a', false)
  drains.came(came)
  t.same(drained, ['a true'])
})

test('a node that says goodbye is no longer to drain; of one that is not to, nothing is said', async t => {
  const { drains, drained, put } = drainsWith()
  drains.left('orders', 'a')
  t.same(put(), [])
  drains.order('orders', 'a', true)
  drains.left('orders', 'a')
  drains.left('orders', 'a')
  t.same(put(), [orderOf(true, wallAt), orderOf(false, wallAt + 1)])
  drains.came(came)
  t.same(drained, [])
})

test('what the store has lost or has older is put again', async t => {
  for (const draining of [true, false]) {
    const { drains, put, see } = drainsWith()
    drains.order('orders', 'a', draining)
    const [order] = put()
    see([])
    see([orderOf(!draining, wallAt - 1)])
    see([orderOf(draining, wallAt)])
    t.same(put(), [order, order], `draining: ${draining}`)
  }
})

test('with a full comparison what holds for a known node is put, so that no store forgets it — for hours', async t => {
  for (const draining of [true, false]) {
    const { drains, put, pass, see } = drainsWith()
    drains.order('orders', 'a', draining)
    const [order] = put()
    for (let minutes = 0; minutes < 300; minutes += 5) {
      pass(300_000)
      see([orderOf(draining, wallAt)], true)
    }
    t.equal(put().length, 60)
    pass(3_600_000)
    see([])
    t.same(put(), [order], 'also when it was forgotten')
  }
})

test('a revocation is not forgotten with the store: a gateway that has not heard of it brings the order back', async t => {
  const { drains, drained, put, see } = drainsWith()
  see([orderOf(true, 5)])
  drains.order('orders', 'a', false)
  const [revocation] = put()
  see([], true)
  see([orderOf(true, 5)])
  t.same(drained, ['a true'])
  t.same(put(), [revocation, revocation])
})

test('an order for a node that is not known is remembered for ten minutes after the store', async t => {
  const { drains, drained, known, put, pass, see } = drainsWith([])
  see([orderOf(true, 5)], true)
  pass(599_999)
  see([], true)
  see([], true)
  known.push('a')
  drains.came(came)
  t.same(drained, ['a true'])
  known.length = 0
  pass(600_000)
  see([], true)
  known.push('a')
  drains.came(came)
  t.same([drained, put()], [['a true'], []])
})

test('what cannot be an order is refused, and stops nothing', async t => {
  const { drained, refused, see } = drainsWith()
  see([null as never, orderOf(true, NaN), orderOf(true, 1e308), orderOf(true, 5)])
  t.same(drained, ['a true'])
  t.equal(refused.length, 3)
})
