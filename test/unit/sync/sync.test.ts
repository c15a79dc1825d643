import { test } from 'tap'
import { ManualClock } from '../../support/clock.js'
import { seeded } from '../../support/random.js'
import { SharedMemory } from '../../support/shared-memory.js'
import { fleetOf, memberOn, pass, promised, settled, shown, storedWith, storeWith } from './fixtures.js'
import type { Fleet, Member } from './fixtures.js'
import type { StoreChanges } from '../../../types/index.js'

/** Two gateways on one memory. */
async function pairWith (given: Parameters<typeof fleetOf>[1] = {}): Promise<Fleet & { readonly one: Member, readonly other: Member }> {
  const fleet = await fleetOf(2, given)
  const [one, other] = fleet.members
  if (one === undefined || other === undefined) throw new Error('there are two')
  return { ...fleet, one, other }
}

/** A node beats a gateway every second for so long. */
async function beat (fleet: Fleet, member: Member, id: string, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    member.say(id)
    await fleet.pass(1000)
  }
}

test('a node that beats one gateway is known to all, and dies on all when it is silent', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  await beat(fleet, one, 'a', 3)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
  t.same([one.registry.heard, other.registry.heard], [1, 0])
  await beat(fleet, one, 'a', 60)
  t.same(other.changes, ['a >up registered'], 'its lease never runs out meanwhile')
  await fleet.pass(6000)
  t.same([one.states(), other.states()], [{ a: 'expired' }, { a: 'expired' }])
})

test('a goodbye is a goodbye everywhere, and the id is free again', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  await beat(fleet, one, 'a', 2)
  other.say('a', { state: 'left' })
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{}, {}])
  await beat(fleet, one, 'a', 2)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
})

test('a goodbye at another gateway, before that one has learned of the node, is not lost', async t => {
  for (const incarnation of [null, 7]) {
    const fleet = await pairWith()
    const { one, other, memory } = fleet
    one.say('a', { incarnation, seq: 1 })
    other.say('a', { incarnation, seq: 2, state: 'left' })
    await fleet.pass(2500)
    t.same([one.states(), other.states()], [{}, {}])
    t.same([...memory.leases.values()].map(({ lease }) => lease.state), ['left'])
  }
})

test('goodbyes of nodes that nobody knows do not fill the store', async t => {
  const { one, memory, pass: wait } = await pairWith()
  for (let index = 0; index < 100; index++) one.say(`${index}`, { info: { origin: 'http://10.0.0.1:1' }, incarnation: 1, seq: 1, state: 'left' })
  await wait(2500)
  t.equal(memory.puts.length, 0)
})

test('a node that goes over to another gateway and back stays up on both, counted or not', async t => {
  for (const incarnation of [null, 7]) {
    const fleet = await pairWith()
    const { one, other } = fleet
    for (let seq = 0; seq < 24; seq++) {
      const member = Math.floor(seq / 4) % 2 === 0 ? one : other
      member.say('a', { incarnation, seq })
      await fleet.pass(1000)
    }
    t.same([one.changes, other.changes], [['a >up registered'], ['a >up registered']])
    t.same([one.registry.heard, other.registry.heard], [0, 1])
  }
})

test('a gateway loads what the store knows before it begins', async t => {
  const { memory, one, pass: wait } = await pairWith()
  one.say('a')
  one.sync.drain('orders', 'a', true)
  await wait(500)
  const late = memberOn(memory.open(), { id: 'late' })
  await late.sync.start()
  t.same(late.states(), { a: 'draining' })
  t.match(late.status('a'), { leaseMs: 3500 }, 'the store knows how old it is')
})

test('a gateway begins after about two seconds without its store, and does not spin meanwhile', async t => {
  for (const [state, asked] of [['down', 21], ['hangs', 2]] as const) {
    const clock = new ManualClock()
    const memory = new SharedMemory(clock)
    memory.state = state
    const { sync, log } = memberOn(memory.open(), { clock })
    let isStarted = false
    sync.start().then(() => { isStarted = true })
    await pass([clock], 1900)
    t.notOk(isStarted)
    await pass([clock], 500)
    t.ok(isStarted, state)
    t.equal(memory.asked, asked)
    t.equal(log.length, 1)
    memory.state = 'up'
    await pass([clock], 1500)
    t.ok(sync.isConnected)
    t.equal(log[1], 'back')
  }
})

test('a gateway that is ended before it has begun leaves nothing behind, and calls no store that is closed', async t => {
  let isClosed = false
  const calls: string[] = []
  const store = storeWith({
    changes: async () => {
      calls.push(isClosed ? 'changes after close' : 'changes')
      throw new Error('not yet')
    },
    onHint: () => t.fail('it does not listen') as never,
    close: async () => { isClosed = true }
  })
  const { sync, clock, log } = memberOn(store)
  const timers = clock.timers
  const started = sync.start()
  await settled()
  const stopped = sync.stop()
  await pass([clock], 200)
  await Promise.all([started, stopped])
  await pass([clock], 3000)
  t.same(calls, ['changes'])
  t.equal(clock.timers, timers)
  t.same(log, ['away: not yet'])
})

test('the end waits for what is under way and writes what waits, then closes the store', async t => {
  const calls: string[] = []
  const answer = promised<StoreChanges>()
  const put = promised<undefined>()
  let isFirst = true
  const store = storeWith({
    changes: () => {
      if (!isFirst) return answer.promise
      isFirst = false
      return Promise.resolve(shown())
    },
    put: async ({ state }) => {
      calls.push(`put ${state}`)
      if (state === 'up') await put.promise
    },
    close: async () => { calls.push('close') }
  })
  const { sync, clock, say } = memberOn(store)
  const timers = clock.timers
  await sync.start()
  await pass([clock], 1000)
  say('a')
  say('a', { state: 'left' })
  const stopped = sync.stop()
  answer.keep(shown({ leases: [storedWith({ info: { id: 'b' } })] }))
  put.keep(undefined)
  await stopped
  say('c')
  await settled()
  t.same(calls, ['put up', 'put left', 'close'])
  t.equal(clock.timers, timers)
})

test('the end comes also when the store hangs', async t => {
  const fleet = await pairWith()
  const { memory, one } = fleet
  one.sync.listens('http://10.0.0.1:1')
  memory.state = 'hangs'
  one.say('a')
  await fleet.pass(900)
  let hasEnded = false
  one.sync.stop().then(() => { hasEnded = true })
  await fleet.pass(2200)
  t.ok(hasEnded)
  t.equal(one.clock.timers, 1, 'that of the sweep')
})

test('while the store is silent nothing that it knows runs out; what is heard here does; and the dead die soon after', async t => {
  for (const state of ['down', 'hangs'] as const) {
    const fleet = await pairWith()
    const { memory, one, other } = fleet
    await beat(fleet, one, 'a', 3)
    await beat(fleet, other, 'b', 1)
    memory.state = state
    await fleet.pass(50_000, 100)
    t.same(one.states(), { a: 'expired', b: 'up' }, state)
    t.same(other.states(), { a: 'up', b: 'expired' }, state)
    memory.state = 'up'
    await fleet.pass(8000)
    t.same([one.states(), other.states()], [{ a: 'expired', b: 'expired' }, { a: 'expired', b: 'expired' }], 'nobody beats any more')
  }
})

test('a store that fails now and then does not keep the dead alive; who beats lives', async t => {
  for (const period of [2, 3, 4]) {
    const clock = new ManualClock()
    const memory = new SharedMemory(clock)
    const [one, store] = [memberOn(memory.open(), { id: 'one', clock }), memory.open()]
    let asked = 0
    const changes = async (since: string | undefined): Promise<StoreChanges> => {
      if (++asked % period === 0) throw new Error('not now')
      return await store.changes(since)
    }
    const other = memberOn({ ...store, changes }, { id: 'other', clock })
    await Promise.all([one.sync.start(), other.sync.start()])
    for (let second = 0; second < 60; second++) {
      one.say('a')
      await pass([clock], 1000)
    }
    t.same(other.changes, ['a >up registered'])
    await pass([clock], 20_000)
    t.same(other.states(), { a: 'expired' }, `each ${period}th question fails`)
  }
})

test('a store that comes back: nobody runs out before the others have written what they heard', async t => {
  const random = seeded()
  for (let awayMs = 3000; awayMs < 5000; awayMs += 100) {
    const fleet = await pairWith({ random })
    const { memory, one, other } = fleet
    await fleet.pass(awayMs % 1000)
    for (let ms = 0; ms < 16_000; ms += 50) {
      if (ms === 4000) memory.state = 'hangs'
      if (ms === 4000 + awayMs) memory.state = 'up'
      if (ms % 1000 === 0) one.say('a')
      await fleet.pass(50)
    }
    t.same(other.changes, ['a >up registered'], `${awayMs} ms`)
  }
})

test('a store that comes back is given what is news, and nothing that is over', async t => {
  const fleet = await pairWith()
  const { memory, one, other } = fleet
  await fleet.pass(100)
  memory.state = 'down'
  one.say('a')
  one.say('b')
  one.say('c', { incarnation: 1, seq: 1 })
  one.say('c', { incarnation: 1, seq: 2, state: 'left' })
  await fleet.pass(10_000)
  for (let ms = 0; ms < 3000; ms += 1000) {
    one.say('b')
    await fleet.pass(1000)
  }
  t.same(memory.puts, [])
  memory.state = 'up'
  await fleet.pass(2500)
  t.same(memory.puts.map(({ info, state }) => `${info.id} ${state}`).sort(), ['b up', 'c left'])
  t.same(other.states(), { b: 'up' })
})

test('a store that loses everything is given it again, and nobody goes', async t => {
  const fleet = await pairWith()
  const { memory, one, other } = fleet
  await beat(fleet, one, 'a', 2)
  other.say('b', { ttlMs: 60_000 })
  one.sync.drain('orders', 'a', true)
  await fleet.pass(1500)
  memory.clear()
  t.ok(memory.leases.size === 0)
  await fleet.pass(3500)
  t.same([...memory.leases.keys()], ['orders/b'], 'who beats seldom as well')
  one.say('a')
  await fleet.pass(1500)
  t.same([...memory.drains.values()].map(({ draining }) => draining), [true])
  t.same([one.states(), other.states()], [{ a: 'draining', b: 'up' }, { a: 'draining', b: 'up' }])
})

test('a store that falls back to an older copy is given the newer one again', async t => {
  const fleet = await pairWith()
  const { memory, one, other } = fleet
  const options = { incarnation: 1, ttlMs: 60_000 }
  one.say('a', { ...options, seq: 1 })
  await fleet.pass(1200)
  const old = [...memory.leases]
  one.say('a', { ...options, seq: 2, state: 'draining' })
  one.say('b', { ...options, seq: 1 })
  await fleet.pass(1200)
  memory.clear()
  for (const [key, value] of old) memory.leases.set(key, value)
  await fleet.pass(3000)
  t.same([...memory.leases.values()].map(({ lease: { info, state } }) => `${info.id} ${state}`), ['a draining', 'b up'])
  t.same([one.states(), other.states()], [{ a: 'draining', b: 'up' }, { a: 'draining', b: 'up' }])
})

test('a slow store is slow, and no more than that', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock)
  const slow = memory.open()
  const later = async <T>(call: () => Promise<T>): Promise<T> => {
    await new Promise<void>(resolve => { clock.after(200, resolve) })
    const value = await call()
    await new Promise<void>(resolve => { clock.after(200, resolve) })
    return value
  }
  const store = { ...slow, put: (lease: Parameters<typeof slow.put>[0]) => later(() => slow.put(lease)), changes: (since: string | undefined) => later(() => slow.changes(since)) }
  const [one, other] = [memberOn(store, { id: 'one', clock }), memberOn(store, { id: 'other', clock })]
  const started = Promise.all([one.sync.start(), other.sync.start()])
  await pass([clock], 500)
  await started
  for (let second = 0; second < 40; second++) {
    const member = second % 3 === 0 ? other : one
    member.say('a')
    one.say('b', { incarnation: 1, seq: second })
    await pass([clock], 1000)
  }
  t.same([one.changes.sort(), other.changes.sort(), one.log, other.log], [['a >up registered', 'b >up registered'], ['a >up registered', 'b >up registered'], [], []])
  other.say('a', { state: 'left' })
  one.say('b', { incarnation: 1, seq: 99, state: 'left' })
  await pass([clock], 3000)
  t.same([one.states(), other.states()], [{}, {}])
})

test('a goodbye is not undone by what another gateway heard before, also of a node that does not count', async t => {
  const { promise, keep } = promised<StoreChanges>()
  let asked = 0
  const { sync, clock, say, states } = memberOn(storeWith({ changes: async () => ++asked === 2 ? await promise : shown({ complete: false }) }))
  await sync.start()
  await pass([clock], 1000)
  say('a', { state: 'left' })
  keep(shown({ complete: false, leases: [storedWith()] }))
  await settled()
  t.same(states(), {})
})

test('a pause of a gateway kills nobody', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  await beat(fleet, one, 'a', 3)
  other.clock.stall(30_000)
  for (let second = 0; second < 30; second++) {
    one.say('a')
    await pass([one.clock], 1000)
  }
  await beat(fleet, one, 'a', 3)
  t.same(other.changes, ['a >up registered'])
  t.same(other.log, [])
})

test('what the store shows wrong is refused once, and the rest is taken in', async t => {
  const leases = [null, {}, storedWith({ info: { id: 'x' }, ttlMs: NaN }), storedWith({ info: { id: 'y' }, ttlMs: 1e9 }), storedWith({ info: { id: 'z' } })] as StoreChanges['leases']
  const drains = [{}, { service: 'orders', id: 'z', draining: true, revision: 1 }] as StoreChanges['drains']
  const { sync, clock, log, states, status } = memberOn(storeWith({ changes: async () => shown({ leases, drains, gateways: [null, { id: 'b', address: 'http://b', machine: '' }] as never }) }))
  await sync.start()
  await pass([clock], 3000)
  t.same(states(), { y: 'up', z: 'draining' })
  t.ok((status('y')?.leaseMs ?? 0) <= 601_000)
  t.same(sync.gateways, ['http://b'])
  t.ok(sync.isConnected)
  t.same(log.length, 4, 'each reason once')
  t.ok(log.every(line => line.startsWith('refused: ')))
})

test('a log is not filled by what is wrong in many ways', async t => {
  const leases = Array.from({ length: 500 }, (_, index) => storedWith({ ttlMs: -index - 1 }))
  const { sync, log } = memberOn(storeWith({ changes: async () => shown({ leases }) }))
  await sync.start()
  t.equal(log.length, 100)
})

test('a store that answers with something else is away', async t => {
  const { sync, log, clock } = memberOn(storeWith({ changes: async () => ({ complete: true }) as never }))
  const started = sync.start()
  await pass([clock], 2500)
  await started
  t.notOk(sync.isConnected)
  t.same(log.map(line => line.slice(0, 5)), ['away:'])
})

test('hints are heard soon, one question answers many, and no storm of them puts the question off', async t => {
  const { memory, one, other, pass: wait } = await pairWith()
  one.say('a')
  await settled()
  const before = memory.asked
  for (let hint = 0; hint < 100; hint++) memory.hint()
  await wait(4, 1)
  t.equal(memory.asked, before)
  await wait(1, 1)
  t.equal(memory.asked, before + 2, 'each gateway asks once')
  t.same(other.states(), { a: 'up' })
  for (let ms = 0; ms < 2000; ms += 4) {
    memory.hint()
    await wait(4, 4)
  }
  t.ok(memory.asked > before + 300, 'each hint put off the question')
})

test('a hint that comes during a question is answered by another one', async t => {
  const hints: Array<() => void> = []
  let asked = 0
  const answer = promised<StoreChanges>()
  const { sync, clock } = memberOn(storeWith({
    changes: async () => ++asked === 2 ? await answer.promise : shown(),
    onHint: listener => {
      hints.push(listener)
      return () => hints.splice(0)
    }
  }))
  await sync.start()
  hints[0]?.()
  await pass([clock], 5, 1)
  hints[0]?.()
  hints[0]?.()
  t.equal(asked, 2)
  answer.keep(shown())
  await settled()
  await pass([clock], 5, 1)
  t.equal(asked, 3)
  await sync.stop()
  t.same(hints, [])
})

test('trouble is told when it begins and when it ends, also where the store can be read but not written', async t => {
  const fleet = await pairWith()
  const { memory, one, other } = fleet
  await fleet.pass(500)
  memory.state = 'read-only'
  await beat(fleet, one, 'a', 10)
  for (let hint = 0; hint < 5; hint++) {
    memory.hint()
    await fleet.pass(100)
  }
  t.same(one.log, ['away: the memory is read-only'])
  t.notOk(one.sync.isConnected)
  t.same(other.log, [], 'it writes nothing')
  memory.state = 'up'
  await beat(fleet, one, 'a', 3)
  t.same(one.log.slice(1), ['back'])
  t.same(other.states(), { a: 'up' })
})

test('a listener that throws stops nothing', async t => {
  const warnings: Error[] = []
  const hear = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', hear)
  t.teardown(() => process.off('warning', hear))
  const fleet = await pairWith()
  fleet.other.registry.onChange(() => { throw new Error('mine') })
  await beat(fleet, fleet.one, 'a', 2)
  t.same(fleet.other.states(), { a: 'up' })
  t.same(fleet.other.log, [])
  t.match(warnings, [{ code: 'FST_BALANCE_LISTENER' }])
})

test('a drain holds on all gateways, for the next process too, until it is revoked', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  one.say('a', { incarnation: 1, seq: 1, ttlMs: 60_000 })
  await fleet.pass(1500)
  t.ok(other.sync.drain('orders', 'a', true))
  t.notOk(other.sync.drain('orders', 'unknown', true))
  await fleet.pass(1500)
  t.match(one.say('a', { incarnation: 2, seq: 1, ttlMs: 60_000 }), { drain: true })
  t.same([one.states(), other.states()], [{ a: 'draining' }, { a: 'draining' }])
  one.sync.drain('orders', 'a', false)
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
})

test('two gateways that want the opposite at the same instant agree', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  one.say('a', { ttlMs: 60_000 })
  await fleet.pass(1500)
  one.sync.drain('orders', 'a', true)
  other.sync.drain('orders', 'a', false)
  await fleet.pass(2500)
  t.same(one.states(), other.states())
})

test('a static node that is drained stays so on all gateways when its process says goodbye', async t => {
  const fleet = await pairWith({ nodes: [{ id: 'a', origin: 'http://10.0.0.1:3000' }] })
  const { one, other } = fleet
  one.sync.drain('orders', 'a', true)
  await fleet.pass(1500)
  one.say('a', { state: 'left' })
  await fleet.pass(1500)
  one.say('a')
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{ a: 'draining' }, { a: 'draining' }])
  one.sync.drain('orders', 'a', false)
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
})

test('a node that says goodbye is drained no more: its successor is wanted', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  one.say('a')
  other.sync.drain('orders', 'a', true)
  await fleet.pass(1500)
  one.sync.drain('orders', 'a', true)
  one.say('a', { state: 'left' })
  await fleet.pass(1500)
  other.say('a')
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
})

test('a goodbye ends an order also where the gateway that hears it has not seen the order yet', async t => {
  const fleet = await pairWith()
  const { one, other } = fleet
  one.say('a', { incarnation: 1, seq: 1 })
  await fleet.pass(2500)
  one.say('a', { incarnation: 1, seq: 2 })
  other.sync.drain('orders', 'a', true)
  await fleet.pass(50)
  one.say('a', { incarnation: 1, seq: 3, state: 'left' })
  await fleet.pass(3000)
  one.say('a', { incarnation: 2, seq: 1 })
  await fleet.pass(1500)
  t.same([one.states(), other.states()], [{ a: 'up' }, { a: 'up' }])
})

test('gateways know each other, on their machine by loopback too, until they go', async t => {
  const { one, other, pass: wait, memory } = await pairWith()
  const far = memberOn(memory.open(), { id: 'far', machine: 'there', clock: other.clock })
  await far.sync.start()
  await one.sync.listens('http://127.0.0.1:1')
  await other.sync.listens('http://127.0.0.1:2')
  await far.sync.listens('http://10.0.0.3:3')
  await wait(1500)
  t.same([one.sync.gateways, far.sync.gateways], [['http://10.0.0.3:3', 'http://127.0.0.1:1', 'http://127.0.0.1:2'], ['http://10.0.0.3:3']])
  await other.sync.leave()
  await wait(1500)
  t.same(one.sync.gateways, ['http://10.0.0.3:3', 'http://127.0.0.1:1'])
  memory.clear()
  await wait(2500)
  t.same(one.sync.gateways, ['http://10.0.0.3:3', 'http://127.0.0.1:1'], 'and say so again to a store that has forgotten')
})

test('a gateway that begins while the store is away says where it is when the store is back', async t => {
  const { one, memory, pass: wait } = await pairWith()
  memory.state = 'down'
  await wait(1500)
  await one.sync.listens('http://10.0.0.1:1')
  t.same(memory.gateways, [])
  memory.state = 'up'
  await wait(1500)
  t.equal(memory.gateways.length, 1)
})

test('a node on a loopback address is known to the gateways of its machine alone', async t => {
  const { memory, one, other, pass: wait } = await pairWith()
  const far = memberOn(memory.open(), { id: 'far', machine: 'there', clock: other.clock })
  await far.sync.start()
  one.say('a', { info: { origin: 'http://127.0.0.1:3000' } })
  await wait(1500)
  t.same([other.states(), far.states()], [{ a: 'up' }, {}])
})

/** Everything is compared every 30 s, a little sooner or later on each gateway. */
test('a store that hides something is asked for everything now and then', async t => {
  const asked: Array<string | undefined> = []
  const { sync, clock } = memberOn(storeWith({
    changes: async since => {
      asked.push(since)
      return shown({ complete: since === undefined })
    }
  }))
  await sync.start()
  await pass([clock], 95_000, 250)
  const complete = asked.flatMap((since, index) => since === undefined ? [index] : [])
  t.same(complete, [0, 30, 60, 90])
})

test('to show everything may take longer than what is new, and no lease runs out meanwhile', async t => {
  const clock = new ManualClock()
  const memory = new SharedMemory(clock)
  const [one, store] = [memberOn(memory.open(), { id: 'one', clock }), memory.open()]
  const changes = async (since: string | undefined): Promise<StoreChanges> => {
    if (since === undefined && clock.now() > 10_000) await new Promise<void>(resolve => { clock.after(1900, resolve) })
    return await store.changes(since)
  }
  const other = memberOn({ ...store, changes }, { id: 'other', clock })
  await Promise.all([one.sync.start(), other.sync.start()])
  for (let second = 0; second < 100; second++) {
    one.say('a')
    await pass([clock], 1000)
  }
  t.same([other.changes, other.log], [['a >up registered'], []])
})

test('a store that cannot show everything is asked for what is new, and for everything 24 to 36 s later', async t => {
  for (const awayMs of [0, 40_000]) {
    const clock = new ManualClock()
    const asked: Array<readonly [since: string | undefined, atMs: number]> = []
    let isAway = false
    const { sync, log } = memberOn(storeWith({
      changes: async since => {
        asked.push([since, clock.now()])
        if (isAway || (since === undefined && asked.length > 1)) throw new Error('too much')
        return shown({ complete: since === undefined })
      }
    }), { clock })
    await sync.start()
    isAway = awayMs > 0
    await pass([clock], awayMs)
    isAway = false
    log.length = 0
    asked.length = 1
    await pass([clock], 95_000, 250)
    const complete = asked.flatMap(([since, atMs], index) => since === undefined ? [atMs - (asked[index - 1]?.[1] ?? 0)] : [])
    t.equal(complete.length, 4, 'everything is asked for now and then')
    t.ok(sync.isConnected)
    t.same(log, awayMs > 0 ? ['back'] : [], `after ${awayMs} ms without it`)
  }
})

test('a store that cannot show anything is away, whatever it was asked for', async t => {
  let isAway = false
  let asked = 0
  const { sync, clock, log } = memberOn(storeWith({
    changes: async since => {
      asked++
      if (isAway) throw new Error('gone')
      return shown({ complete: since === undefined })
    }
  }))
  await sync.start()
  await pass([clock], 29_500, 250)
  isAway = true
  asked = 0
  await pass([clock], 1000, 250)
  t.same([sync.isConnected, log, asked], [false, ['away: gone'], 2])
})

test('a store that took over may take longer for what it shows, for that may be everything', async t => {
  const clock = new ManualClock()
  let answerMs = 0
  const { sync, log } = memberOn(storeWith({
    changes: async () => {
      if (answerMs < 0) throw new Error('gone')
      await new Promise<void>(resolve => { clock.after(answerMs, resolve) })
      return shown()
    }
  }), { clock })
  const started = sync.start()
  await pass([clock], 50)
  await started
  answerMs = -1
  await pass([clock], 2000)
  answerMs = 900
  await pass([clock], 2000)
  t.same(log, ['away: gone', 'back'])
})
