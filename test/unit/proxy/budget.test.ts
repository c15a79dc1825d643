import { test } from 'tap'
import { RetryBudget } from '../../../lib/proxy/budget.js'

/** How many of so many withdrawals are given. */
function withdrawn (budget: RetryBudget, count: number, now: number): number {
  return Array.from({ length: count }, () => budget.withdraw(now)).filter(Boolean).length
}

test('without a reserve, so many failovers are allowed as the ratio says of 10,000 requests', async t => {
  for (const percent of [0.01, 0.1, 1, 10, 20, 33, 50, 99, 100]) {
    const budget = new RetryBudget({ ratio: percent / 100, perSecond: 0 })
    let given = 0
    for (let count = 0; count < 10_000; count++) {
      budget.deposit(1000)
      given += Number(budget.withdraw(1000))
    }
    t.ok(Math.abs(given - 100 * percent) <= 1, `${percent} %: ${given}`)
  }
})

test('a request that comes while every tenth may fail over — gives the tenth, not the one before', async t => {
  const budget = new RetryBudget({ ratio: 0.1, perSecond: 0 })
  for (let count = 0; count < 9; count++) budget.deposit(0)
  t.equal(budget.withdraw(0), false)
  budget.deposit(0)
  t.equal(budget.withdraw(0), true, 'ten tenths are one, whatever fractions sum up to')
  t.equal(budget.withdraw(0), false)
})

test('the reserve is what it gives a second, over ten seconds — whatever the load', async t => {
  const budget = new RetryBudget({ ratio: 0, perSecond: 10 })
  t.equal(withdrawn(budget, 1000, 500), 100)
  t.equal(withdrawn(budget, 1000, 9999), 0)
  t.equal(withdrawn(budget, 1000, 10_000), 100, 'what was taken has left the window')
})

test('a ratio of 2 allows two failovers a request', async t => {
  const budget = new RetryBudget({ ratio: 2, perSecond: 0 })
  for (let count = 0; count < 10_000; count++) budget.deposit(0)
  t.equal(withdrawn(budget, 30_000, 0), 20_000)
})

test('a budget of nothing gives nothing', async t => {
  const budget = new RetryBudget({ ratio: 0, perSecond: 0 })
  for (let count = 0; count < 10_000; count++) budget.deposit(0)
  t.equal(withdrawn(budget, 100, 0), 0)
})

test('deposits expire — t-1, t', async t => {
  const budgetAfter = (now: number): boolean => {
    const budget = new RetryBudget({ ratio: 1, perSecond: 0 })
    budget.deposit(999)
    return budget.withdraw(now)
  }
  t.same([budgetAfter(9999), budgetAfter(10_000)], [true, false])
})

test('a withdrawal that is refused takes nothing', async t => {
  const budget = new RetryBudget({ ratio: 0.5, perSecond: 0 })
  budget.deposit(0)
  withdrawn(budget, 100, 0)
  budget.deposit(0)
  t.equal(budget.withdraw(0), true)
})

test('an outage of ten seconds at 100 requests a second — costs 300 failovers with the defaults, not a multiple of the load', async t => {
  const budget = new RetryBudget({ ratio: 0.2, perSecond: 10 })
  let given = 0
  for (let now = 0; now < 10_000; now += 10) {
    budget.deposit(now)
    given += withdrawn(budget, 2, now)
  }
  t.equal(given, 300)
})
