import { test } from 'tap'
import { SlidingCount } from '../../../lib/health/sliding-count.js'

const windowMs = 10_000

/** A count of events at these instants. */
function countOf (...instants: readonly number[]): SlidingCount {
  const count = new SlidingCount(windowMs)
  for (const at of instants) count.add(at)
  return count
}

test('a new count is 0', async t => {
  t.equal(new SlidingCount(windowMs).count(123_456), 0)
})

test('an event counts until its slot has left the window — t-1, t', async t => {
  const count = countOf(1000, 1999)
  t.equal(count.count(10_999), 2)
  t.equal(count.count(11_000), 0)
})

test('one slot leaves at a time', async t => {
  const count = countOf(0, 1000, 1000, 2000)
  t.same([9999, 10_000, 11_000, 12_000].map(now => count.count(now)), [4, 3, 1, 0])
})

test('silence of an hour leaves no failures in the window', async t => {
  const count = countOf(1000, 2000, 9999)
  count.add(3_600_000)
  t.equal(count.count(3_600_000), 1)
  t.equal(count.count(3_609_999), 1)
  t.equal(count.count(3_610_000), 0)
})

test('silence that is a multiple of the window leaves nothing', async t => {
  for (const windows of [1, 2, 7]) t.equal(countOf(500).count(500 + windows * windowMs), 0, `${windows} windows`)
})

test('an event that comes late counts now — attempts do not end in the order in which they began', async t => {
  const count = countOf(5000, 3000)
  t.equal(count.count(14_999), 2)
  t.equal(count.count(15_000), 0)
})

test('a count that is cleared is 0, and counts on', async t => {
  const count = countOf(5000, 5000)
  count.clear()
  t.equal(count.count(5000), 0)
  count.add(5000)
  t.equal(count.count(5000), 1)
})
