import { test } from 'tap'
import { WindowSums, windowMs } from '../../../lib/proxy/window-sums.js'

test('deposits and withdrawals are counted apart', async t => {
  const sums = new WindowSums()
  for (const now of [0, 0, 500]) sums.deposit(now)
  sums.withdraw(700)
  t.same([sums.deposited(700), sums.withdrawn(700)], [3, 1])
})

test('what came counts until its slot has left the window — t-1, t', async t => {
  const sums = new WindowSums()
  sums.deposit(1000)
  sums.withdraw(1999)
  t.same([sums.deposited(10_999), sums.withdrawn(10_999)], [1, 1])
  t.same([sums.deposited(11_000), sums.withdrawn(11_000)], [0, 0])
})

test('one slot leaves at a time', async t => {
  const sums = new WindowSums()
  for (const now of [0, 1000, 1000, 2000]) sums.deposit(now)
  t.same([9999, 10_000, 11_000, 12_000].map(now => sums.deposited(now)), [4, 3, 1, 0])
})

test('an hour in which nobody looked leaves nothing', async t => {
  for (const silenceMs of [windowMs, 2 * windowMs, 3_600_000]) {
    const sums = new WindowSums()
    for (let now = 0; now < windowMs; now += 500) sums.deposit(now)
    sums.withdraw(9999)
    t.same([sums.deposited(9999 + silenceMs), sums.withdrawn(9999 + silenceMs)], [0, 0], `${silenceMs} ms`)
  }
})

test('it counts on after a silence', async t => {
  const sums = new WindowSums()
  sums.deposit(0)
  sums.deposit(3_600_000)
  t.equal(sums.deposited(3_600_000), 1)
  t.equal(sums.deposited(3_609_999), 1)
  t.equal(sums.deposited(3_610_000), 0)
})

test('what comes late counts now', async t => {
  const sums = new WindowSums()
  sums.deposit(5000)
  sums.deposit(3000)
  t.equal(sums.deposited(14_999), 2)
  t.equal(sums.deposited(15_000), 0)
})
