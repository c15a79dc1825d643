import { test } from 'tap'
import { NamedLeases } from '../../../../lib/stores/local/named-leases.js'
import { ManualClock } from '../../../support/clock.js'

test('NamedLeases — a lease ends at its ttl, not before', async t => {
  const clock = new ManualClock()
  const leases = new NamedLeases(clock)
  leases.take('leader', 'a', 100)
  clock.advance(99)
  t.equal(leases.take('leader', 'b', 100), undefined)
  clock.advance(1)
  t.match(leases.take('leader', 'b', 100), { isNew: true })
})

test('NamedLeases — the owner keeps its token while it renews in time, and has a new one after that', async t => {
  const clock = new ManualClock()
  const leases = new NamedLeases(clock)
  const token = leases.take('leader', 'a', 100)?.token ?? NaN
  clock.advance(99)
  t.same(leases.take('leader', 'a', 100), { token, isNew: false })
  clock.advance(100)
  t.ok((leases.take('leader', 'a', 100)?.token ?? NaN) > token)
})

test('NamedLeases — tokens rise — while the wall clock stands still or goes back', async t => {
  const clock = { now: () => 0, wall: () => wall }
  let wall = 5000.5
  const leases = new NamedLeases(clock)
  const tokens = [5000, 5000, 10, 9000].map((each, index) => {
    wall = each
    return leases.take(`name ${index}`, 'a', 100)?.token
  })
  t.same(tokens, [5000, 5001, 5002, 9000])
})

test('NamedLeases — tokens of a new memory are higher than those of the one before', async t => {
  const clock = new ManualClock()
  const before = new NamedLeases(clock).take('leader', 'a', 100)?.token ?? NaN
  clock.advance(1)
  t.ok((new NamedLeases(clock).take('leader', 'b', 100)?.token ?? NaN) > before)
})

test('NamedLeases — only the owner releases', async t => {
  const clock = new ManualClock()
  const leases = new NamedLeases(clock)
  leases.take('leader', 'a', 100)
  t.equal(leases.release('leader', 'b'), false)
  t.equal(leases.take('leader', 'b', 100), undefined)
  t.equal(leases.release('leader', 'a'), true)
  t.equal(leases.release('leader', 'a'), false)
  t.match(leases.take('leader', 'b', 100), { isNew: true })
})

test('NamedLeases — sweeping — takes what is over and nothing else', async t => {
  const clock = new ManualClock()
  const leases = new NamedLeases(clock)
  leases.take('short', 'a', 100)
  leases.take('long', 'a', 200)
  leases.sweep(clock.now() + 100)
  t.match(leases.take('short', 'b', 100), { isNew: true })
  t.equal(leases.take('long', 'b', 100), undefined)
})
