import fc from 'fast-check'
import { test } from 'tap'
import { SlidingCount } from '../../lib/health/sliding-count.js'

const slotCount = 10

/** Instants in their order, between which any while passes: none, a slot's worth, hours. */
const instants: fc.Arbitrary<number[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.nat(50) }, { weight: 3, arbitrary: fc.nat(3000) }, { weight: 1, arbitrary: fc.nat(5 * 3_600_000) }, fc.constantFrom(999, 1000, 1001, 9999, 10_000, 10_001)),
  { maxLength: 60 }
).map(steps => {
  let at = 0
  return steps.map(afterMs => (at += afterMs))
})

/** How many of the instants a window that ends at `now` must count, in slots of `slotMs`: a list, filtered. */
function counted (list: readonly number[], now: number, slotMs: number): number {
  return list.filter(at => at <= now && Math.floor(at / slotMs) > Math.floor(now / slotMs) - slotCount).length
}

test('a sliding count is that of a list filtered by time — for any sequence and any silence', async t => {
  fc.assert(fc.property(instants, fc.constantFrom(10, 1000, 10_000, 33_333), (list, windowMs) => {
    const count = new SlidingCount(windowMs)
    for (const [index, at] of list.entries()) {
      t.equal(count.count(at), counted(list.slice(0, index), at, windowMs / slotCount))
      count.add(at)
      t.equal(count.count(at), counted(list.slice(0, index + 1), at, windowMs / slotCount))
    }
  }), { numRuns: 200 })
})

test('a sliding count — what is older than the window never counts, what is younger than nine tenths of it always does', async t => {
  fc.assert(fc.property(instants, fc.nat(20_000), (list, laterMs) => {
    const count = new SlidingCount(10_000)
    for (const at of list) count.add(at)
    const now = (list.at(-1) ?? 0) + laterMs
    t.ok(count.count(now) <= list.filter(at => at > now - 10_000).length)
    t.ok(count.count(now) >= list.filter(at => at > now - 9000).length)
  }), { numRuns: 300 })
})
