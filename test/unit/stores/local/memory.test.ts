import { test } from 'tap'
import { SharedMemory } from '../../../../lib/stores/local/memory.js'
import { ManualClock } from '../../../support/clock.js'
import { leaseWith } from '../../../support/store-contract.js'
import { seeded } from '../../../support/random.js'

const minuteMs = 60_000
const gateway = { id: 'g', address: 'http://10.0.0.1:8080', machine: 'm' }
const order = { service: 'orders', id: 'a', draining: true, revision: 1 }
const idsOf = ({ leases }: ReturnType<SharedMemory['page']>): string[] => leases.map(({ info }) => info.id)

test('SharedMemory — tells in pages — of at least one lease and about so many bytes', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock, seeded())
  for (const id of ['a', 'b', 'c', 'd', 'e']) memory.put(leaseWith({ info: { id } }))
  memory.drain(order)
  memory.announce(gateway, 1000)
  const bytes = JSON.stringify(leaseWith()).length
  const first = memory.page(undefined, bytes + 1)
  t.match([first, idsOf(first)], [{ complete: true, more: true, drains: [], gateways: [] }, ['a', 'b']])
  memory.put(leaseWith({ info: { id: 'd' }, seq: 2 }))
  memory.put(leaseWith({ info: { id: 'a' }, seq: 2 }))
  const second = memory.page(first.cursor, 1)
  t.match([second, idsOf(second)], [{ complete: false, more: true }, ['c']])
  const third = memory.page(second.cursor, 2 * bytes + 1)
  t.match([third, idsOf(third)], [{ complete: false, more: false, drains: [order], gateways: [gateway] }, ['e', 'd', 'a']], 'what was put meanwhile comes last')
  t.match(memory.page(third.cursor, 1), { complete: false, more: false, leases: [] })
})

test('SharedMemory — gives everything — for the cursor of another one, or one that is ahead of it', async t => {
  const clock = new ManualClock()
  const random = seeded()
  const [before, after] = [new SharedMemory(clock, random), new SharedMemory(clock, random)]
  for (const memory of [before, after]) memory.put(leaseWith())
  const [epoch = '', version] = after.page(undefined, 1).cursor.split('.')
  t.equal(version, '1')
  t.match(after.page(`${epoch}.1`, 1), { complete: false, leases: [] })
  for (const cursor of [before.page(undefined, 1).cursor, `${epoch}.2`, `${epoch}.-1`, `${epoch}.`, `${epoch}.1e0`, `${epoch}.1.1`, epoch, '']) {
    t.match([after.page(cursor, 1), idsOf(after.page(cursor, 1))], [{ complete: true }, ['a']], cursor)
  }
})

test('SharedMemory — counts as news what changed, and nothing else', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock, seeded())
  const isNews = (act: () => void): boolean => {
    const before = memory.news
    act()
    return memory.news > before
  }
  t.equal(isNews(() => memory.put(leaseWith())), true, 'a lease')
  t.equal(isNews(() => memory.put(leaseWith())), false, 'the same one')
  t.equal(isNews(() => memory.drain(order)), true, 'an order')
  t.equal(isNews(() => memory.drain({ ...order, draining: false })), false, 'one of the same revision')
  t.equal(isNews(() => memory.announce(gateway, 1000)), true, 'a gateway')
  t.equal(isNews(() => memory.announce(gateway, 1000)), false, 'the same one')
  t.equal(isNews(() => memory.announce({ ...gateway, address: 'http://10.0.0.2:8080' }, 1000)), true, 'its new address')
  t.equal(isNews(() => memory.announce({ ...gateway, address: 'http://10.0.0.2:8080', machine: 'n' }, 1000)), true, 'its new machine')
  t.equal(isNews(() => memory.announce(gateway, 0)), true, 'its withdrawal')
  t.equal(isNews(() => memory.announce(gateway, 0)), false, 'a withdrawal of nobody')
  memory.announce(gateway, 1000)
  clock.advance(1000)
  t.equal(isNews(() => memory.announce(gateway, 0)), false, 'a withdrawal of who is gone')
  memory.announce(gateway, 1000)
  clock.advance(1000)
  t.equal(isNews(() => memory.announce(gateway, 1000)), true, 'one that comes back')
  t.equal(isNews(() => memory.lease('leader', 'a', 1000)), true, 'an owner')
  t.equal(isNews(() => memory.lease('leader', 'a', 1000)), false, 'a renewal')
  t.equal(isNews(() => memory.lease('leader', 'b', 1000)), false, 'one who may not')
  t.equal(isNews(() => memory.release('leader', 'b')), false, 'a release by one who may not')
  t.equal(isNews(() => memory.release('leader', 'a')), true, 'a release')
})

test('SharedMemory — a presence ends at its ttl, not before', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock, seeded())
  memory.announce(gateway, 1000)
  clock.advance(999)
  t.same(memory.page(undefined, 1).gateways, [gateway])
  clock.advance(1)
  t.same(memory.page(undefined, 1).gateways, [])
})

test('SharedMemory — forgets leases, orders and owners that nobody has put for ten minutes', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock, seeded())
  const first = memory.lease('leader', 'a', minuteMs)
  for (const id of ['a', 'b']) memory.put(leaseWith({ info: { id }, state: 'left' }))
  for (const id of ['a', 'b']) memory.drain({ ...order, id })
  clock.advance(5 * minuteMs)
  memory.put(leaseWith({ info: { id: 'b' } }))
  memory.drain({ ...order, id: 'b' })
  clock.advance(5 * minuteMs)
  memory.put(leaseWith({ info: { id: 'c' } }))
  t.same([idsOf(memory.page(undefined, 1e6)), memory.page(undefined, 1e6).drains.map(({ id }) => id)], [['a', 'b', 'c'], ['a', 'b']], 'not before')
  clock.advance(minuteMs)
  memory.drain({ ...order, id: 'c' })
  t.same([idsOf(memory.page(undefined, 1e6)), memory.page(undefined, 1e6).drains.map(({ id }) => id)], [['b', 'c'], ['b', 'c']])
  t.ok((memory.lease('leader', 'a', 1)?.token ?? NaN) > (first?.token ?? NaN))
})

test('SharedMemory — the age of a lease — is the time since it was put', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock, seeded())
  memory.put(leaseWith())
  clock.advance(70)
  t.same(memory.page(undefined, 1).leases, [{ ...leaseWith(), ageMs: 70 }])
})
