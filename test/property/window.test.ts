import fc from 'fast-check'
import { test } from 'tap'
import { Window } from '../../lib/health/window.js'
import { WindowSums } from '../../lib/proxy/window-sums.js'

const slotCount = 10

interface Event { readonly at: number, readonly isSuccess: boolean }

/** Events in the order of time, between which any while passes: none, a slot's worth, hours. */
const events: fc.Arbitrary<Event[]> = fc.array(fc.record({
  afterMs: fc.oneof({ weight: 3, arbitrary: fc.nat(50) }, { weight: 3, arbitrary: fc.nat(3000) }, { weight: 1, arbitrary: fc.nat(5 * 3_600_000) }, fc.constantFrom(999, 1000, 1001, 9999, 10_000, 10_001)),
  isSuccess: fc.boolean()
}), { maxLength: 60 }).map(steps => {
  let at = 0
  return steps.map(({ afterMs, isSuccess }) => {
    at += afterMs
    return { at, isSuccess }
  })
})

/** How many of the events a window that ends at `now` must count, in slots of `slotMs`: a list, filtered. */
function counted (list: readonly Event[], now: number, slotMs: number): { successes: number, failures: number } {
  const inside = list.filter(({ at }) => at <= now && Math.floor(at / slotMs) > Math.floor(now / slotMs) - slotCount)
  const successes = inside.filter(({ isSuccess }) => isSuccess).length
  return { successes, failures: inside.length - successes }
}

test('a window counts as a list that is filtered by time — for any sequence and any silence', async t => {
  fc.assert(fc.property(events, fc.constantFrom(10, 1000, 10_000, 33_333), (list, windowMs) => {
    const window = new Window(windowMs)
    for (const [index, { at, isSuccess }] of list.entries()) {
      t.same(window.counts(at), counted(list.slice(0, index), at, windowMs / slotCount))
      window.add(isSuccess, at)
      t.same(window.counts(at), counted(list.slice(0, index + 1), at, windowMs / slotCount))
    }
  }), { numRuns: 200 })
})

test('a window — what is older than it never counts, what is younger than nine tenths of it always does', async t => {
  fc.assert(fc.property(events, fc.nat(20_000), (list, laterMs) => {
    const window = new Window(10_000)
    for (const { at, isSuccess } of list) window.add(isSuccess, at)
    const now = (list.at(-1)?.at ?? 0) + laterMs
    const { successes, failures } = window.counts(now)
    t.ok(successes + failures <= list.filter(({ at }) => at > now - 10_000).length)
    t.ok(successes + failures >= list.filter(({ at }) => at > now - 9000).length)
  }), { numRuns: 300 })
})

test('the sums of a budget count as a list that is filtered by time — for any sequence and any silence', async t => {
  fc.assert(fc.property(events, list => {
    const sums = new WindowSums()
    for (const [index, { at, isSuccess }] of list.entries()) {
      const before = counted(list.slice(0, index), at, 1000)
      t.same([sums.deposited(at), sums.withdrawn(at)], [before.successes, before.failures])
      if (isSuccess) sums.deposit(at)
      else sums.withdraw(at)
    }
    const now = (list.at(-1)?.at ?? 0) + 5000
    const after = counted(list, now, 1000)
    t.same([sums.withdrawn(now), sums.deposited(now)], [after.failures, after.successes])
  }), { numRuns: 200 })
})
