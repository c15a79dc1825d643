import t from 'tap'
import type { RegistryStore, StoreChanges } from '../../../types/store.js'
import { needs, until } from '../../support/process.js'
import { startRedis } from '../../support/redis-server.js'
import { leaseWith } from '../../support/store-contract.js'
import { clients, storeOf } from './clients.js'
import { startRelay } from './relay.js'

const real = needs('redis-server', 'redis-cli')

t.test('two namespaces do not see each other', real, async t => {
  const server = await startRedis(t)
  const [one, other] = ['one', 'other'].map(namespace => storeOf(t, clients.ioredis(server.port), namespace))
  if (one === undefined || other === undefined) throw new Error('two stores')
  let hints = 0
  other.onHint(() => { hints++ })
  await until(() => hints > 0, 'the first hint')
  await one.put(leaseWith())
  await one.drain({ service: 'orders', id: 'a', draining: true, revision: 1 })
  await one.announce({ id: 'a', address: 'http://10.0.0.1:8080', machine: 'm' }, 60_000)
  t.type(await one.lease('leader', 'a', 60_000), Object)
  t.match(await other.changes(undefined), { complete: true, leases: [], drains: [], gateways: [] })
  t.type(await other.lease('leader', 'b', 60_000), Object)
  t.equal(hints, 1)
  t.same((await server.cli('KEYS', '*')).split('\n').filter(key => !/^balance:\{(one|other)\}:/.test(key)), [])
})

t.test('a hint is sent for what is worth looking at, not for load', real, async t => {
  const server = await startRedis(t)
  const [store, other] = [storeOf(t, clients.ioredis(server.port)), storeOf(t, clients.ioredis(server.port))]
  let hints = 0
  store.onHint(() => { hints++ })
  await until(() => hints > 0, 'the first hint')
  const load = { eventLoopUtilization: 0.5, eventLoopDelayMs: 1, heapUsedBytes: 1, rssBytes: 1, inFlight: 1, underPressure: false }
  const gateway = { id: 'a', address: 'http://10.0.0.1:8080', machine: 'm' }
  const steps: ReadonlyArray<[title: string, step: () => Promise<void>, hints: number]> = [
    ['a new node', () => other.put(leaseWith()), 1],
    ['its load', () => other.put(leaseWith({ seq: 2, load })), 0],
    ['an old message of it', () => other.put(leaseWith({ seq: 1, state: 'left' })), 0],
    ['its info', () => other.put(leaseWith({ seq: 3, info: { weight: 2 } })), 1],
    ['its state', () => other.put(leaseWith({ seq: 4, info: { weight: 2 }, state: 'draining' })), 1],
    ['its incarnation', () => other.put(leaseWith({ incarnation: 2, info: { weight: 2 }, state: 'draining' })), 1],
    ['an order', () => other.drain({ service: 'orders', id: 'a', draining: true, revision: 1 }), 1],
    ['the same order', () => other.drain({ service: 'orders', id: 'a', draining: true, revision: 1 }), 0],
    ['a gateway', () => other.announce(gateway, 60_000), 1],
    ['the same gateway', () => other.announce(gateway, 60_000), 0],
    ['a gateway that is gone', () => other.announce(gateway, 0), 1],
    ['one that was gone already', () => other.announce(gateway, 0), 0],
    ['a last one', () => other.put(leaseWith({ incarnation: 3 })), 1]
  ]
  const counts: Array<[string, number]> = []
  for (const [title, step] of steps) {
    const before = Number(await server.cli('HGET', 'balance:{test}:meta', 'hints'))
    await step()
    counts.push([title, Number(await server.cli('HGET', 'balance:{test}:meta', 'hints')) - before])
  }
  t.same(counts, steps.map(([title, , count]) => [title, count]))
  await until(() => hints === 9, 'all of them are heard')
})

t.test('what nobody has put for ten minutes is forgotten', real, async t => {
  const server = await startRedis(t)
  const store = storeOf(t, clients.ioredis(server.port))
  await store.put(leaseWith({ info: { id: 'old' } }))
  await store.drain({ service: 'orders', id: 'old', draining: true, revision: 1 })
  await store.announce({ id: 'a', address: 'http://10.0.0.1:8080', machine: 'm' }, 60_000)
  for (const name of (await server.cli('KEYS', '*')).split('\n')) {
    const ttlMs = Number(await server.cli('PTTL', name))
    t.ok(ttlMs > 590_000 && ttlMs <= 600_000, `${name} ends in ${ttlMs} ms`)
  }
  const [seconds] = (await server.cli('TIME')).split('\n')
  const longAgo = `${Number(seconds) * 1000 - 600_001}`
  await server.cli('ZADD', 'balance:{test}:ages', longAgo, 'orders/old')
  await server.cli('HSET', 'balance:{test}:drains', 'orders/old', `1\n${longAgo}\n1`)
  await store.put(leaseWith({ info: { id: 'new' } }))
  await store.drain({ service: 'orders', id: 'new', draining: true, revision: 1 })
  const { leases, drains } = await store.changes(undefined)
  t.same([leases.map(({ info }) => info.id), drains.map(({ id }) => id)], [['new'], ['new']])
  t.same(await Promise.all([server.cli('HLEN', 'balance:{test}:records'), server.cli('ZCARD', 'balance:{test}:index'), server.cli('ZCARD', 'balance:{test}:ages')]), ['1', '1', '1'])
})

t.test('an order that is put again is kept, and stays as it was', real, async t => {
  const server = await startRedis(t)
  const store = storeOf(t, clients.ioredis(server.port))
  await server.cli('HSET', 'balance:{test}:drains', 'orders/a', '5\n1\n1')
  await store.drain({ service: 'orders', id: 'a', draining: false, revision: 5 })
  t.same((await store.changes(undefined)).drains, [{ service: 'orders', id: 'a', draining: true, revision: 5 }])
  const [revision, putAt] = (await server.cli('HGET', 'balance:{test}:drains', 'orders/a')).split('\n')
  t.equal(revision, '5')
  t.ok(Number(putAt) > 1e12)
})

t.test('where `meta` alone is lost everything is read anew, on several pages too, and versions count on', real, async t => {
  for (const first of ['changes', 'put', 'drain', 'announce'] as const) {
    const server = await startRedis(t)
    const store = storeOf(t, clients.ioredis(server.port))
    await server.cli('HSET', 'balance:{test}:meta', 'version', '1000000')
    await Promise.all(Array.from({ length: 501 }, (_, index) => store.put(leaseWith({ info: { id: `${index}` } }))))
    const { cursor } = await store.changes(undefined)
    await server.cli('DEL', 'balance:{test}:meta')
    if (first === 'put') await store.put(leaseWith({ seq: 2, info: { id: '500' } }))
    if (first === 'drain') await store.drain({ service: 'orders', id: '500', draining: true, revision: 1 })
    if (first === 'announce') await store.announce({ id: 'a', address: 'http://10.0.0.1:8080', machine: 'm' }, 60_000)
    const after = await store.changes(cursor)
    t.match([after.complete, after.leases.length], [true, 501], `${first} comes first`)
    await store.put(leaseWith({ seq: 3, info: { id: '0' } }))
    const next = await store.changes(after.cursor)
    t.same([next.complete, next.leases.map(({ info, seq }) => [info.id, seq])], [false, [['0', 3]]])
  }
})

t.test('a replica that took over and lacks the latest is read anew, and its tokens go on', real, async t => {
  const [master, replica] = [await startRedis(t, '--repl-diskless-sync-delay', '0'), await startRedis(t)]
  const relay = await startRelay(t, master.port)
  const store = storeOf(t, clients.ioredis(relay.port))
  await replica.cli('REPLICAOF', '127.0.0.1', `${master.port}`)
  await store.put(leaseWith({ info: { id: 'a' } }))
  const early = await store.lease('leader', 'x', 60_000)
  await until(async () => await replica.cli('EXISTS', 'balance:{test}:records', 'balance:{test}:lease:leader') === '2', 'the replica follows')
  await replica.cli('REPLICAOF', 'NO', 'ONE')
  for (const id of ['b', 'c', 'd']) await store.put(leaseWith({ info: { id } }))
  await store.release('leader', 'x')
  const late = await store.lease('leader', 'y', 60_000)
  const { cursor } = await store.changes(undefined)

  relay.target = replica.port
  await master.kill()
  const ids = ({ complete, leases }: StoreChanges): unknown => [complete, leases.map(({ info }) => info.id)]
  t.same(ids(await read(store, cursor)), [true, ['a']], 'its version is lower')
  for (let seq = 2; seq < 9; seq++) await store.put(leaseWith({ info: { id: 'a' }, seq }))
  const after = await store.changes(cursor)
  t.same(ids(after), [true, ['a']], 'its version is higher by now')
  t.same(ids(await store.changes(after.cursor)), [false, []])
  t.equal(await store.lease('leader', 'z', 60_000), undefined, 'it still knows the former owner')
  await store.release('leader', 'x')
  const next = await store.lease('leader', 'z', 60_000)
  t.ok((early?.token ?? NaN) < (late?.token ?? NaN) && (late?.token ?? NaN) < (next?.token ?? NaN))
})

t.test('a Redis that became a replica is left, and a full one is still read', real, async t => {
  const [server, master] = [await startRedis(t), await startRedis(t)]
  const relay = await startRelay(t, server.port)
  const store = storeOf(t, clients.ioredis(relay.port))
  await store.put(leaseWith())
  await server.cli('CONFIG', 'SET', 'maxmemory', '1')
  await t.rejects(store.put(leaseWith({ seq: 2 })), /OOM/)
  t.match(await store.changes(undefined), { leases: [{ seq: 1 }] })
  await server.cli('CONFIG', 'SET', 'maxmemory', '0')
  await server.cli('REPLICAOF', '127.0.0.1', `${master.port}`)
  relay.target = master.port
  await t.rejects(store.put(leaseWith({ seq: 3 })), /READONLY/)
  await until(() => store.put(leaseWith({ seq: 4 })).then(() => true, () => false), 'the master is found', 1500)
  t.match(await store.changes(undefined), { leases: [{ seq: 4 }] })
})

t.test('a hint takes milliseconds, and 10,000 leases are read in time', real, async t => {
  const server = await startRedis(t)
  const [one, other] = [storeOf(t, clients.ioredis(server.port)), storeOf(t, clients.ioredis(server.port))]
  let heard = (): void => {}
  one.onHint(() => heard())
  await new Promise<void>(resolve => { heard = resolve })
  const delays: number[] = []
  for (let incarnation = 1; incarnation <= 300; incarnation++) {
    const hint = new Promise<void>(resolve => { heard = resolve })
    const startedAt = performance.now()
    await Promise.all([hint, other.put(leaseWith({ incarnation }))])
    delays.push(performance.now() - startedAt)
  }
  delays.sort((a, b) => a - b)
  t.comment(`from put to hint: p50 ${delays[149]?.toFixed(2)} ms, p99 ${delays[296]?.toFixed(2)} ms`)
  t.ok((delays[149] ?? Infinity) < 50)

  for (let first = 0; first < 10_000; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => other.put(leaseWith({ info: { id: `n${first + index}` } }))))
  }
  let startedAt = 0
  const all = await until(() => {
    startedAt = performance.now()
    return one.changes(undefined).catch(() => null)
  }, 'they are read within the limit of a call')
  t.comment(`10,000 leases: ${Math.round(performance.now() - startedAt)} ms`)
  t.equal(all.leases.length, 10_001)
})

async function read (store: RegistryStore, cursor: string): Promise<StoreChanges> {
  return await until(() => store.changes(cursor).catch(() => null), 'the replica is read', 2000)
}
