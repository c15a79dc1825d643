import fc from 'fast-check'
import { test } from 'tap'
import { RetryBudget } from '../../lib/proxy/budget.js'

const windowMs = 10_000
const slotMs = 1000

/** Requests and failovers in any order, between which any while passes. */
const steps = fc.array(fc.record({
  afterMs: fc.oneof({ weight: 5, arbitrary: fc.nat(100) }, { weight: 2, arbitrary: fc.nat(4000) }, { weight: 1, arbitrary: fc.nat(3_600_000) }),
  deposits: fc.nat(20),
  withdrawals: fc.nat(40)
}), { maxLength: 60 })
const rules = fc.record({ ratio: fc.constantFrom(0, 0.01, 0.1, 0.2, 0.5, 1, 2), perSecond: fc.constantFrom(0, 0.1, 1, 10) })

interface Played { readonly at: number, readonly deposits: number, readonly asked: number, readonly given: number }

function play (given: { ratio: number, perSecond: number }, script: ReadonlyArray<{ afterMs: number, deposits: number, withdrawals: number }>): Played[] {
  const budget = new RetryBudget(given)
  let at = 0
  return script.map(({ afterMs, deposits, withdrawals }) => {
    at += afterMs
    for (let count = 0; count < deposits; count++) budget.deposit(at)
    const allowed = Array.from({ length: withdrawals }, () => budget.withdraw(at)).filter(Boolean).length
    return { at, deposits, asked: withdrawals, given: allowed }
  })
}

const sumOf = (played: readonly Played[], what: 'deposits' | 'given'): number => played.reduce((sum, each) => sum + each[what], 0)
const startOf = (at: number): number => (Math.floor(at / slotMs) - windowMs / slotMs + 1) * slotMs

// Later, the deposits that were drawn on may be out of the window while the withdrawals still are in it
test('the budget — whenever one is withdrawn, the window until then has no more of them than the reserve and the share of what was deposited in it', async t => {
  fc.assert(fc.property(rules, steps, ({ ratio, perSecond }, script) => {
    const played = play({ ratio, perSecond }, script)
    for (const [index, { at, given }] of played.entries()) {
      if (given === 0) continue
      const window = played.slice(0, index + 1).filter(each => each.at >= startOf(at))
      t.ok(sumOf(window, 'given') <= perSecond * windowMs / 1000 + ratio * sumOf(window, 'deposits') + 1e-6, `${at}`)
      const shorter = played.slice(0, index + 1).filter(each => each.at > at - windowMs + slotMs)
      const longer = played.slice(0, index + 1).filter(each => each.at > at - windowMs)
      t.ok(sumOf(shorter, 'given') <= perSecond * windowMs / 1000 + ratio * sumOf(longer, 'deposits') + 1e-6, `whatever the slots, at ${at}`)
    }
  }), { numRuns: 200 })
})

test('the budget — refuses nothing that it has', async t => {
  fc.assert(fc.property(rules, steps, ({ ratio, perSecond }, script) => {
    const played = play({ ratio, perSecond }, script)
    for (const [index, { at, asked, given }] of played.entries()) {
      const window = played.slice(0, index + 1).filter(each => each.at >= startOf(at))
      const leftAfter = perSecond * windowMs / 1000 + ratio * sumOf(window, 'deposits') - sumOf(window, 'given')
      t.ok(given === asked || leftAfter < 1, `${given} of ${asked} at ${at}, and ${leftAfter} are left`)
    }
  }), { numRuns: 200 })
})
