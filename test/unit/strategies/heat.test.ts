import { test } from 'tap'
import { adaptive } from '../../../lib/strategies/adaptive.js'
import { Heat, hotFactor } from '../../../lib/strategies/heat.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeEqual, response, tell } from './fixtures.js'
import type { LoadReport } from '../../../types/node.js'
import type { Strategy } from '../../../types/strategy.js'
import type { OpenCandidate } from './fixtures.js'

const report = (eventLoopUtilization: number | null, eventLoopDelayMs: number | null = null): LoadReport =>
  ({ eventLoopUtilization, eventLoopDelayMs, heapUsedBytes: null, rssBytes: null, inFlight: null, underPressure: null })

/** What is said after each of the reports. */
const said = (...reports: Array<LoadReport | null>): boolean[] => {
  const heat = new Heat()
  return reports.map(each => heat.isHot(each))
}

test('heat — begins with the second hot report in a row, by utilization or by delay', async t => {
  t.same(said(report(0.98), report(0.98)), [false, true])
  t.same(said(report(null, 250), report(0, 250)), [false, true])
  t.same(said(report(0.979), report(0.979), report(0.979)), [false, false, false])
  t.same(said(report(null, 249.9), report(null, 249.9)), [false, false])
  t.same(said(report(1), report(0.5), report(1)), [false, false, false], 'not in a row')
  t.same(said(report(null), null, report(null)), [false, false, false], 'unknown is not hot')
})

test('heat — ends with a report that is cool by both, not before', async t => {
  t.same(said(report(1), report(1), report(0.9), report(0.5, 100), report(0.899, 99.9)), [false, true, true, true, false])
  t.same(said(report(1), report(1), null), [false, true, false])
})

test('heat — is room below both limits, by the newest report alone', async t => {
  const heat = new Heat()
  for (const each of [report(0.899, 99.9), report(null), null]) t.ok(heat.isCool(each))
  for (const each of [report(0.9), report(0, 100)]) t.notOk(heat.isCool(each))
})

test('heat — counts a report once, however often it is looked at', async t => {
  const once = report(1)
  t.same(said(once, once, once), [false, false, false])
})

/** Three nodes that answer in 10 ms, picked after each of them has sent two reports. */
function pickedWith (utilizations: readonly [number, number, number], latencyOfFirst: number = 10): string[] {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(3)
  for (const [index, { node }] of candidates.entries()) tell(strategy, node, response(index === 0 ? latencyOfFirst : 10))
  const nowOf = (round: number): number => round * 100
  for (const round of [0, 1]) {
    for (const [index, { node }] of candidates.entries()) node.load = report(utilizations[index] ?? 0)
    strategy.pick(candidates, { now: nowOf(round), key: '' })
  }
  return [strategy.pick(candidates, { now: nowOf(1) + 1, key: '' }).node.info.id]
}

test('adaptive — takes an overloaded node for four times as slow, while most others have room', async t => {
  t.equal(hotFactor, 4)
  t.same(pickedWith([0.5, 0.5, 0.5], 5), ['a'])
  t.same(pickedWith([1, 0.5, 0.5], 2.6).includes('a'), false, '10.4 ms against 10 ms')
  t.same(pickedWith([1, 0.5, 0.5], 2.4), ['a'], '9.6 ms against 10 ms')
  t.same(pickedWith([1, 0.95, 0.5], 5), ['a'], 'half of the others are busy: it tells nothing')
  t.same(pickedWith([1, 1, 0.5], 5), ['a'], 'most are hot')
  t.same(pickedWith([1, 1, 1], 5), ['a'])
})

test('adaptive — avoids the overloaded one — of two', async t => {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(2)
  const picked = [0, 100].map(now => {
    for (const [index, { node }] of candidates.entries()) {
      node.load = report(index === 0 ? 1 : 0.5)
      tell(strategy, node, response(index === 0 ? 5 : 10))
    }
    return strategy.pick(candidates, { now, key: '' }).node.info.id
  })
  t.same(picked, ['a', 'b'])
})

/** The share that overloaded nodes, an eighth of 100, get after reports in which the others say `others`. `before`: is called before each pick. */
function hotShareOf (others: number, before: (strategy: Strategy, now: number) => void = () => {}): number {
  const strategy = adaptive(seeded())
  const candidates = makeEqual(100)
  const isHot = (index: number): boolean => index % 8 === 0
  let now = 0
  const picked = [0, 1, 2].map(() => {
    for (const [index, { node }] of candidates.entries()) {
      node.load = report(isHot(index) ? 1 : others)
      tell(strategy, node, response(10), now)
    }
    return Array.from({ length: 1_000 }, () => {
      before(strategy, now)
      return candidates.indexOf(strategy.pick(candidates, { now: now++, key: '' }) as OpenCandidate)
    })
  })
  return (picked[2]?.filter(isHot).length ?? 0) / 1_000
}

test('adaptive — avoids overloaded nodes among 100, while most others have room', async t => {
  const [idle, busy] = [hotShareOf(0.5), hotShareOf(0.95)]
  t.ok(idle < 0.06, `${idle} while the others have room (seed ${fixedSeed})`)
  t.ok(busy > 0.1, `${busy} while the others are busy (seed ${fixedSeed})`)
})

test('adaptive — avoids overloaded nodes among 100 — also while a few others, picked from by themselves, are busy', async t => {
  const share = hotShareOf(0.5, (strategy, now) => {
    const few = makeEqual(3)
    for (const { node } of few) node.load = report(0.95)
    strategy.pick(few, { now, key: '' })
  })
  t.ok(share < 0.06, `${share} (seed ${fixedSeed})`)
})
