import { test } from 'tap'
import { Window } from '../../../lib/health/window.js'

const windowMs = 10_000

/** A window into which these successes and failures were put, at these instants. */
function windowOf (events: ReadonlyArray<readonly [at: number, isSuccess: boolean]>): Window {
  const window = new Window(windowMs)
  for (const [at, isSuccess] of events) window.add(isSuccess, at)
  return window
}

test('a new window is empty', async t => {
  t.same(new Window(windowMs).counts(123_456), { successes: 0, failures: 0 })
})

test('successes and failures are counted apart', async t => {
  t.same(windowOf([[5000, true], [5000, true], [5001, false]]).counts(5001), { successes: 2, failures: 1 })
})

test('an event counts until its slot has left the window — t-1, t', async t => {
  const window = windowOf([[1000, false], [1999, true]])
  t.same(window.counts(10_999), { successes: 1, failures: 1 })
  t.same(window.counts(11_000), { successes: 0, failures: 0 })
})

test('one slot leaves at a time', async t => {
  const window = windowOf([[0, false], [1000, false], [2000, false]])
  t.same([9999, 10_000, 11_000, 12_000].map(now => window.counts(now).failures), [3, 2, 1, 0])
})

test('silence of an hour leaves no failures in the window', async t => {
  const window = windowOf([[1000, false], [2000, false], [9999, false]])
  window.add(false, 3_600_000)
  t.same(window.counts(3_600_000), { successes: 0, failures: 1 })
})

test('silence that is a multiple of the window leaves nothing', async t => {
  for (const windows of [1, 2, 7]) t.same(windowOf([[500, false]]).counts(500 + windows * windowMs), { successes: 0, failures: 0 }, `${windows} windows`)
})

test('an event that comes late counts now — attempts do not end in the order in which they began', async t => {
  const window = windowOf([[5000, true], [3000, false]])
  t.same(window.counts(14_999), { successes: 1, failures: 1 })
  t.same(window.counts(15_000), { successes: 0, failures: 0 })
})

test('a window that is cleared is empty, and counts on', async t => {
  const window = windowOf([[5000, true], [5000, false]])
  window.clear()
  t.same(window.counts(5000), { successes: 0, failures: 0 })
  window.add(false, 5000)
  t.same(window.counts(5000), { successes: 0, failures: 1 })
})
