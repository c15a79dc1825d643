import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { RegistryStore, StoreChanges } from '../../../types/store.js'
import { needs, until } from '../../support/process.js'
import { startRedis } from '../../support/redis-server.js'
import type { RedisServer } from '../../support/redis-server.js'
import { leaseWith } from '../../support/store-contract.js'
import { clients, storeOf } from './clients.js'
import type { MakeClient } from './clients.js'
import { startRelay } from './relay.js'

/** What a call may take that has a limit of 500 ms, on a machine that has other work. */
const limitMs = 650

for (const [name, make] of Object.entries(clients)) {
  t.test(`by ${name}`, needs('redis-server', 'redis-cli'), async t => {
    const server = await startRedis(t)
    t.beforeEach(() => server.cli('FLUSHALL'))
    t.test('a killed Redis makes calls fail at once, and is used again when it is back', t => killed(t, server, make))
    t.test('a Redis that is away at the start is no error, and is used when it comes', t => awayAtStart(t, server, make))
    t.test('a frozen Redis makes calls fail in time, nothing piles up, and it is used again when it goes on', t => frozen(t, server, make))
    t.test('a connection that is silently dead is found by its calls, and left for a new one', t => silent(t, server, make))
    t.test('hints come again after their connection was killed', t => hintsKilled(t, server, make))
    t.test('hints come again after their connection has silently died', t => hintsSilent(t, server, make))
    t.test('a forgotten script is sent again', t => scriptsForgotten(t, server, make))
  })
}

async function killed (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const store = storeOf(t, make(server.port))
  await store.put(leaseWith())
  const { cursor } = await store.changes(undefined)
  await server.kill()
  for (let turn = 0; turn < 20; turn++) {
    t.ok(await failureMsOf(store) < limitMs)
    await sleep(50)
  }
  await server.restart()
  t.match(await healed(t, store, cursor), { complete: true, leases: [] })
}

async function awayAtStart (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  await server.kill()
  const store = storeOf(t, make(server.port))
  let hints = 0
  store.onHint(() => { hints++ })
  t.ok(await failureMsOf(store) < limitMs)
  await sleep(1000)
  t.ok(await failureMsOf(store) < limitMs)
  t.equal(hints, 0)
  await server.restart()
  await healed(t, store, undefined)
  await until(() => hints > 0, 'listening again', 3000)
}

async function frozen (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const store = storeOf(t, make(server.port))
  await store.put(leaseWith())
  const { cursor } = await store.changes(undefined)
  server.freeze()
  const slow: number[] = []
  let [pending, most, calls] = [0, 0, 0]
  for (const end = performance.now() + 3000; performance.now() < end; await sleep(5)) {
    pending++
    calls++
    most = Math.max(most, pending)
    failureMsOf(store).then(ms => { if (ms > limitMs) slow.push(ms) }).finally(() => { pending-- })
  }
  await sleep(limitMs)
  t.same(slow, [], 'each fails in time')
  t.equal(pending, 0, 'none is left')
  t.ok(calls > 200 && most < 200, `${most} of ${calls} calls waited at the same time`)
  server.thaw()
  t.match(await healed(t, store, cursor), { complete: false, leases: [] }, 'what was given up does not come late')
  await until(async () => await connections(server) <= 2, 'one connection is left', 3000)
}

async function silent (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const relay = await startRelay(t, server.port)
  const store = storeOf(t, make(relay.port))
  let hints = 0
  store.onHint(() => { hints++ })
  const { cursor } = await store.changes(undefined)
  await until(() => hints > 0, 'the first hint')
  relay.silence()
  relay.areNewSilent = true
  for (let turn = 0; turn < 6; turn++) {
    t.ok(await failureMsOf(store) < limitMs)
    await sleep(200)
  }
  t.ok(relay.open <= 5, `${relay.open} connections, dead ones included`)
  relay.areNewSilent = false
  t.match(await healed(t, store, cursor), { complete: false })
  await hinted(t, () => hints, storeOf(t, make(server.port)), store)
}

async function hintsKilled (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const [store, other] = [storeOf(t, make(server.port)), storeOf(t, make(server.port))]
  let hints = 0
  store.onHint(() => { hints++ })
  await until(() => hints > 0, 'the first hint')
  t.equal(await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub'), '1')
  await until(() => hints > 1, 'a hint that one may have been missed', 2000)
  const before = hints
  await other.put(leaseWith())
  await until(() => hints > before, 'a hint', 1000)
}

async function hintsSilent (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const relay = await startRelay(t, server.port)
  const [store, other] = [storeOf(t, make(relay.port)), storeOf(t, make(server.port))]
  let hints = 0
  store.onHint(() => { hints++ })
  await until(() => hints > 0, 'the first hint')
  await store.changes(undefined)
  relay.silence(/subscribe/i)
  await hinted(t, () => hints, other, store)
}

async function scriptsForgotten (t: Test, server: RedisServer, make: MakeClient): Promise<void> {
  const store = storeOf(t, make(server.port))
  await store.put(leaseWith())
  const { cursor } = await store.changes(undefined)
  await server.cli('SCRIPT', 'FLUSH')
  t.match(await store.changes(cursor), { complete: false, leases: [] })
  await server.cli('SCRIPT', 'FLUSH')
  await store.put(leaseWith({ seq: 2 }))
  t.match(await store.changes(cursor), { complete: false, leases: [{ seq: 2 }] })
}

/** How long a call takes to fail, as it must. */
async function failureMsOf (store: RegistryStore): Promise<number> {
  const startedAt = performance.now()
  const call = store.put(leaseWith({ seq: null, incarnation: null }))
  return await call.then(() => Infinity, () => performance.now() - startedAt)
}

/** Reads as a gateway does, once a second, until it can; that is to be soon. */
async function healed (t: Test, store: RegistryStore, since: string | undefined): Promise<StoreChanges> {
  const startedAt = performance.now()
  const changes = await until(async () => {
    const read = store.changes(since).catch(() => null)
    return await read ?? sleep(230, null)
  }, 'Redis is used again')
  t.ok(performance.now() - startedAt < 1500, `healed after ${Math.round(performance.now() - startedAt)} ms`)
  return changes
}

/** Puts now and then, and reads as a gateway does, until a hint has come. */
async function hinted (t: Test, hints: () => number, other: RegistryStore, store: RegistryStore): Promise<void> {
  const [startedAt, before] = [performance.now(), hints()]
  for (let incarnation = 1; hints() === before; incarnation++) {
    if (performance.now() - startedAt > 5000) throw new Error('no hint within 5 s')
    await other.put(leaseWith({ incarnation }))
    await store.changes(undefined)
    await sleep(200)
  }
  t.comment(`hints are back after ${Math.round(performance.now() - startedAt)} ms`)
}

async function connections (server: RedisServer): Promise<number> {
  return (await server.cli('CLIENT', 'LIST')).split('\n').length
}
