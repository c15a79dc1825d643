import fc from 'fast-check'
import { test } from 'tap'
import { orderOf, positionAfter } from '../../../lib/registry/order.js'
import type { Order, Position } from '../../../lib/registry/order.js'

type Pair = readonly [incarnation: number | null, seq: number | null]
const position = ([incarnation, seq]: Pair): Position => ({ incarnation, seq })

test('(incarnation, seq) orders the messages of an id', async t => {
  const rows: ReadonlyArray<readonly [message: Pair, last: Pair, order: Order]> = [
    [[5, 10], [5, 10], 'seen'],
    [[5, 9], [5, 10], 'seen'],
    [[5, 11], [5, 10], 'newer'],
    [[5, 0], [5, null], 'newer'],
    [[5, null], [5, 10], 'newer'],
    [[5, null], [5, null], 'newer'],
    [[4, 11], [5, 10], 'older'],
    [[4, null], [5, null], 'older'],
    [[0, 1], [1, 0], 'older'],
    [[6, 0], [5, 10], 'restarted'],
    [[6, null], [5, 10], 'restarted'],
    [[1, 0], [0, 5], 'restarted'],
    [[null, null], [null, null], 'newer'],
    [[null, null], [5, 10], 'newer'],
    [[5, 10], [null, null], 'newer'],
    [[null, 3], [null, 7], 'newer'],
    [[null, 7], [null, 7], 'newer'],
    [[null, 3], [5, 10], 'newer'],
    [[0, 0], [0, 0], 'seen']
  ]
  for (const [message, last, order] of rows) t.equal(orderOf(position(message), position(last)), order, `${JSON.stringify(message)} after ${JSON.stringify(last)}`)
})

test('where an id stands after a message — what the message does not count stays as it was', async t => {
  const rows: ReadonlyArray<readonly [message: Pair, last: Pair, after: Pair]> = [
    [[5, 11], [5, 10], [5, 11]],
    [[5, null], [5, 10], [5, 10]],
    [[6, 0], [5, 10], [6, 0]],
    [[6, null], [5, 10], [6, null]],
    [[null, null], [5, 10], [5, 10]],
    [[null, 99], [5, 10], [5, 10]],
    [[null, null], [null, null], [null, null]],
    [[5, 1], [null, null], [5, 1]],
    [[5, null], [null, 3], [5, null]]
  ]
  for (const [message, last, after] of rows) t.same(positionAfter(position(message), position(last)), position(after), `${JSON.stringify(message)} after ${JSON.stringify(last)}`)
})

const count = fc.option(fc.nat(3), { nil: null })
const positions: fc.Arbitrary<Position> = fc.record({ incarnation: count, seq: count })

test('a counted message is never newer a second time — whatever was accepted in between', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(positions), fc.record({ incarnation: fc.nat(3), seq: fc.nat(3) }), (others, message) => {
    let last = positionAfter(message, { incarnation: null, seq: null })
    for (const other of others) {
      const order = orderOf(other, last)
      if (order === 'newer' || order === 'restarted') last = positionAfter(other, last)
    }
    // Only of a process that does not count its messages nobody can tell
    return last.seq === null || ['seen', 'older'].includes(orderOf(message, last))
  })))
})
