import { existsSync, renameSync, unlinkSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { LineReader } from '../../../../lib/stores/local/line-reader.js'
import { leaseWith } from '../../../support/store-contract.js'
import { until } from '../../../support/process.js'
import { fakeHub, placeWith, storeAt, strangerAt } from './fixtures.js'
import type { Socket } from 'node:net'
import type { LocalStore } from '../../../../lib/stores/local/local-store.js'
import type { ManualClock } from '../../../support/clock.js'

const idsOf = async (store: LocalStore): Promise<string[]> => (await store.changes(undefined)).leases.map(({ info }) => info.id).sort()

/** Once the hub has ended the connection, whichever way it did. */
function ended (socket: Socket): Promise<void> {
  return new Promise(resolve => socket.once('close', () => resolve()))
}

/** A call to a store whose time passes until it has an answer. */
async function passing<T> (clock: ManualClock, call: Promise<T>): Promise<T> {
  const outcome: { value?: { of: T }, error?: unknown } = {}
  call.then(of => { outcome.value = { of } }, (error: unknown) => { outcome.error = error })
  await until(() => {
    clock.advance(10)
    return outcome.value !== undefined || outcome.error !== undefined
  }, 'an answer')
  if (outcome.value === undefined) throw outcome.error
  return outcome.value.of
}

test('LocalStore — a stranger at the socket is sent away, and the others notice nothing', async t => {
  const place = placeWith(t)
  const { store } = storeAt(t, place)
  await store.put(leaseWith())
  const garbage = ['GET / HTTP/1.1\r\n\r\n', '\n', '{}\n', Buffer.from([0, 255, 254, 10]), '{"id":1,"operation":"put","ask":{"lease":null}}\n', 'x'.repeat(300_000), `${'['.repeat(100_000)}\n`]
  for (const bytes of garbage) {
    const stranger = await strangerAt(t, place)
    stranger.resume().write(bytes)
    await ended(stranger)
  }
  const silent = await strangerAt(t, place)
  silent.destroy()
  t.same(await idsOf(store), ['a'])
  t.same(await idsOf(storeAt(t, place).store), ['a'])
})

test('LocalStore — a client that does not read is given up — before much waits for it', async t => {
  const place = placeWith(t)
  const { store } = storeAt(t, place)
  const tags = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`key ${index}`, 'x'.repeat(256)]))
  for (let count = 0; count < 100; count++) await store.put(leaseWith({ info: { id: `n${count}`, tags } }))
  const stranger = await strangerAt(t, place)
  const asked = 200
  stranger.write(Array.from({ length: asked }, (_, id) => `${JSON.stringify({ id, operation: 'page', ask: { since: null } })}\n`).join(''))
  await store.changes(undefined)
  await until(async () => {
    // Nothing is read until the hub has had all the requests.
    await store.changes(undefined)
    return stranger.writableLength === 0
  }, 'the hub has read')
  let answers = 0
  const reader = new LineReader(1e9)
  stranger.on('data', chunk => { answers += [...reader.read(chunk)].length })
  await ended(stranger)
  t.ok(answers < asked / 2, `${answers} of ${asked} answers`)
  t.equal((await idsOf(store)).length, 100)
})

test('LocalStore — a lease that is too big is refused — by the hub and by clients, and others are not', async t => {
  const place = placeWith(t)
  const stores = [storeAt(t, place).store, storeAt(t, place).store]
  for (const [index, store] of stores.entries()) {
    await t.rejects(store.put(leaseWith({ seq: 2, info: { tags: { big: 'x'.repeat(70_000) } } })), /a lease of \d+ bytes: at most 65536 are kept/)
    await store.put(leaseWith({ seq: index }))
  }
})

test('LocalStore — a call is given up after 400 ms — where the hub does not answer', async t => {
  const place = placeWith(t)
  await fakeHub(t, place, socket => socket.pause())
  const { store, clock } = storeAt(t, place)
  let isOver = false
  const call = store.put(leaseWith()).finally(() => { isOver = true })
  clock.advance(399)
  await turn()
  t.equal(isOver, false)
  clock.advance(1)
  await t.rejects(call, { message: 'the hub of this machine did not answer within 400 ms' })
})

test('LocalStore — a hub that does not read is asked nothing more — when much waits for it', async t => {
  const place = placeWith(t)
  await fakeHub(t, place, socket => socket.pause())
  const { store, clock } = storeAt(t, place)
  const tags = { big: 'x'.repeat(50_000) }
  const first = store.put(leaseWith({ info: { tags } }))
  const calls = Array.from({ length: 100 }, () => store.put(leaseWith({ info: { tags } })).catch((error: Error) => error.message))
  await t.resolves(until(async () => (await Promise.race([...calls, ''])) !== undefined, 'a turn'))
  const settled = Promise.race(calls)
  t.equal(await settled, 'the hub does not read what it is asked')
  clock.advance(400)
  await t.rejects(first, /did not answer/)
  const messages = new Set(await Promise.all(calls))
  t.same([...messages].sort(), ['the hub does not read what it is asked', 'the hub of this machine did not answer within 400 ms'].sort())
})

test('LocalStore — a hub that talks nonsense is left, and a real one is found', async t => {
  const place = placeWith(t)
  for (const nonsense of ['HTTP/1.1 400 Bad Request\r\n\r\n', '{"id":1}\n', 'null\n']) {
    const fake = await fakeHub(t, place, socket => socket.on('data', () => socket.write(nonsense)))
    const { store, clock } = storeAt(t, place)
    await t.rejects(passing(clock, store.put(leaseWith())), /did not answer within 400 ms/)
    fake.close()
    await passing(clock, until(() => passing(clock, store.put(leaseWith())).then(() => true, () => false), 'a hub'))
    t.same(await idsOf(store), ['a'])
    await store.close()
  }
})

test('LocalStore — an answer that nobody waits for is passed over', async t => {
  const place = placeWith(t)
  await fakeHub(t, place, socket => socket.on('data', () => socket.write('{"id":99,"answer":null}\n{"id":98,"error":"late"}\n{"id":1,"answer":null}\n')))
  await t.resolves(storeAt(t, place).store.put(leaseWith()))
})

test('LocalStore — a call in the middle of which the hub is lost — is made to the next one', async t => {
  const place = placeWith(t)
  let asked = 0
  const fake = await fakeHub(t, place, socket => socket.once('data', () => {
    asked++
    fake.close()
    socket.destroy()
  }))
  const { store, clock } = storeAt(t, place)
  await passing(clock, store.put(leaseWith()))
  t.equal(asked, 1)
  t.same(await idsOf(store), ['a'])
})

test('LocalStore — a hub that nobody finds any more joins the one that they find — when it looks', async t => {
  const place = placeWith(t)
  const [lost, found] = [storeAt(t, place), storeAt(t, place)]
  await lost.store.put(leaseWith({ info: { id: 'lost' } }))
  unlinkSync(place)
  await found.store.put(leaseWith({ info: { id: 'found' } }))
  t.same([await idsOf(lost.store), await idsOf(found.store)], [['lost'], ['found']], 'two hubs')
  let hints = 0
  lost.store.onHint(() => { hints++ })
  lost.clock.advance(1000)
  t.same(await passing(lost.clock, idsOf(lost.store)), ['found'])
  t.ok(hints > 0, 'that is worth a look')
  found.clock.advance(1000)
  t.same(await idsOf(found.store), ['found'], 'the other one stays')
  await lost.store.close()
  t.ok(existsSync(place), 'whoever lost the place does not take it from others')
})

test('LocalStore — a hub whose file was removed is found again', async t => {
  const place = placeWith(t)
  const { store, clock } = storeAt(t, place)
  await store.put(leaseWith())
  const { cursor } = await store.changes(undefined)
  renameSync(place, `${place}-gone`)
  clock.advance(25)
  const after = await passing(clock, store.changes(cursor))
  t.match(after, { complete: true, leases: [] })
  t.ok(existsSync(place))
  t.same((await storeAt(t, place).store.changes(after.cursor)).complete, false)
})

test('LocalStore — many changes in one turn are told by one hint', async t => {
  const place = placeWith(t)
  const [hub, client] = [storeAt(t, place), storeAt(t, place)]
  await hub.store.changes(undefined)
  await client.store.changes(undefined)
  client.clock.advance(1)
  let [ofHub, ofClient] = [0, 0]
  hub.clock.advance(1)
  hub.store.onHint(() => { ofHub++ })
  client.store.onHint(() => { ofClient++ })
  await Promise.all(Array.from({ length: 50 }, (_, seq) => hub.store.put(leaseWith({ seq }))))
  hub.clock.advance(1)
  await until(() => ofClient > 0, 'a hint')
  await client.store.changes(undefined)
  t.same([ofHub, ofClient], [0, 1], 'and not to whom they come from')
  await Promise.all(Array.from({ length: 50 }, (_, seq) => client.store.put(leaseWith({ seq: 100 + seq }))))
  hub.clock.advance(1)
  await client.store.changes(undefined)
  t.same([ofHub, ofClient], [1, 1])
})

test('LocalStore — calls fail while there is no place, and not after that', async t => {
  const place = placeWith(t)
  let error: Error | null = new Error('no place')
  const { store, clock } = storeAt(t, () => {
    if (error !== null) throw error
    return place
  })
  await t.rejects(store.put(leaseWith()), error)
  await t.rejects(passing(clock, store.put(leaseWith())), error)
  error = null
  await passing(clock, until(() => passing(clock, store.put(leaseWith())).then(() => true, () => false), 'a place'))
  t.same(await idsOf(store), ['a'])
})

test('LocalStore — gives everything in pages — of 1,000 leases of 8 KiB', async t => {
  const place = placeWith(t)
  const [hub, client] = [storeAt(t, place).store, storeAt(t, place).store]
  const { cursor } = await hub.changes(undefined)
  for (let count = 0; count < 1000; count++) await hub.put(leaseWith({ info: { id: `n${count}`, tags: { big: 'x'.repeat(8192) } } }))
  for (const store of [hub, client]) {
    const all = await store.changes(undefined)
    t.same([all.complete, all.leases.length], [true, 1000])
    const some = await store.changes(cursor)
    t.same([some.complete, new Set(some.leases.map(({ info }) => info.id)).size], [false, 1000])
  }
})

test('LocalStore — when it is closed its calls reject, it looks for no hub, and the file is gone', async t => {
  const place = placeWith(t)
  const [hub, client, waiting, unused] = [storeAt(t, place), storeAt(t, place), storeAt(t, () => { throw new Error('no place') }), storeAt(t, place)]
  await hub.store.changes(undefined)
  await client.store.changes(undefined)
  await t.rejects(waiting.store.changes(undefined))
  for (const { store } of [client, hub, waiting, unused]) {
    await store.close()
    await t.rejects(store.put(leaseWith()), { message: 'the store has been closed' })
  }
  t.notOk(existsSync(place))
  t.same([hub, client, waiting, unused].map(({ clock }) => clock.timers), [0, 0, 0, 0])
})
