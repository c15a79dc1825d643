import fc from 'fast-check'
import { infoWith } from '../unit/node/fixtures.js'
import { until } from './process.js'
import type { Test } from 'tap'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges, StoredLease } from '../../types/store.js'

/** What several gateways share in a test: empty at its beginning. */
export interface SharedData {
  /** The store of one more gateway. The suite closes it. */
  open (): Promise<RegistryStore>
  /** Empties the data behind the stores' backs, as a flush does; when it resolves, they can be called again. */
  clear? (): Promise<void>
  /** Lets time pass for the store. */
  pass (ms: number): Promise<void>
}

/** A lease, complete. Those of the same service, id, incarnation and seq are the same message. */
export function leaseWith ({ info = {}, ...given }: Partial<Omit<Lease, 'info'>> & { info?: Partial<Lease['info']> } = {}): Lease {
  const whole = { info: infoWith(info), incarnation: 1, seq: 1, state: 'up' as const, ttlMs: 3000, load: null, machine: null, ...given }
  return { stamp: `${whole.info.service} ${whole.info.id} ${whole.incarnation} ${whole.seq}`, ...whole }
}

/** Checks one implementation of `RegistryStore` against types/store.ts. What it may leave out, and does, is skipped. */
export function storeContract (t: Test, name: string, make: (t: Test) => SharedData | Promise<SharedData>): void {
  const check = (title: string, body: (t: Test, data: SharedData, one: RegistryStore, other: RegistryStore) => Promise<unknown>): void => {
    t.test(`${name} — ${title}`, async t => {
      const data = await make(t)
      await body(t, data, await open(t, data), await open(t, data))
    })
  }
  checksOfPut(check)
  checksOfChanges(check)
  checksOfOrdersAndPresences(check)
  checksOfHints(check)
  checksOfLeases(check)
}

type Check = (title: string, body: (t: Test, data: SharedData, one: RegistryStore, other: RegistryStore) => Promise<unknown>) => void
type Count = number | null
type Said = readonly [incarnation: Count, seq: Count, state?: Lease['state']]

async function open (t: Test, data: SharedData): Promise<RegistryStore> {
  const store = await data.open()
  t.teardown(() => store.close?.())
  return store
}

const highest = Number.MAX_SAFE_INTEGER

const orders: ReadonlyArray<{ readonly title: string, readonly kept: Said, readonly put: Said, readonly isKept: boolean }> = [
  { title: 'a higher seq is newer', kept: [1, 1], put: [1, 2], isKept: false },
  { title: 'seq counts as a number', kept: [1, 9], put: [1, 10], isKept: false },
  { title: 'the same seq is not newer', kept: [1, 2], put: [1, 2, 'draining'], isKept: true },
  { title: 'the same seq is not newer, not even a goodbye', kept: [1, 2], put: [1, 2, 'left'], isKept: true },
  { title: 'a lower seq is older', kept: [1, 2], put: [1, 1], isKept: true },
  { title: 'a goodbye of a lower seq is older', kept: [1, 2], put: [1, 1, 'left'], isKept: true },
  { title: 'a drain follows', kept: [1, 1], put: [1, 2, 'draining'], isKept: false },
  { title: 'a goodbye follows', kept: [1, 1], put: [1, 2, 'left'], isKept: false },
  { title: 'a drain ends', kept: [1, 1, 'draining'], put: [1, 2], isKept: false },
  { title: 'a higher incarnation is newer, whatever its seq', kept: [1, 9], put: [2, 0], isKept: false },
  { title: 'a higher incarnation without seq is newer', kept: [1, 9], put: [2, null], isKept: false },
  { title: 'a higher incarnation follows a goodbye', kept: [1, 9, 'left'], put: [2, 0], isKept: false },
  { title: 'a lower incarnation is older, whatever its seq', kept: [2, 0], put: [1, 9], isKept: true },
  { title: 'a lower incarnation without seq is older', kept: [2, 0], put: [1, null], isKept: true },
  { title: 'a goodbye of a lower incarnation is older', kept: [2, 0], put: [1, 9, 'left'], isKept: true },
  { title: 'who has left does not come back in the same incarnation', kept: [1, 2, 'left'], put: [1, 3], isKept: true },
  { title: 'who has left does not come back with an earlier message', kept: [1, 2, 'left'], put: [1, 1], isKept: true },
  { title: 'who has left does not come back without seq', kept: [1, 2, 'left'], put: [1, null], isKept: true },
  { title: 'who has left without seq does not come back', kept: [1, null, 'left'], put: [1, 3], isKept: true },
  { title: '0 is a count', kept: [0, 0], put: [0, 1], isKept: false },
  { title: '0 is a count, and not newer than itself', kept: [0, 0], put: [0, 0, 'draining'], isKept: true },
  { title: 'large incarnations are compared to the last digit: higher', kept: [highest - 1, 5], put: [highest, 1], isKept: false },
  { title: 'large incarnations are compared to the last digit: lower', kept: [highest, 1], put: [highest - 1, 5], isKept: true },
  { title: 'large seqs are compared to the last digit: higher', kept: [1, highest - 1], put: [1, highest], isKept: false },
  { title: 'large seqs are compared to the last digit: lower', kept: [1, highest], put: [1, highest - 1], isKept: true },
  { title: 'without counts the later call is newer', kept: [null, null], put: [null, null], isKept: false },
  { title: 'without counts the later call is newer, also a goodbye', kept: [null, null], put: [null, null, 'left'], isKept: false },
  { title: 'without counts one comes back', kept: [null, null, 'left'], put: [null, null], isKept: false },
  { title: 'who begins to count is newer', kept: [null, null], put: [1, 1], isKept: false },
  { title: 'who ceases to count is newer', kept: [5, 5], put: [null, null], isKept: false },
  { title: 'a seq without incarnation says nothing: kept', kept: [null, 9], put: [1, 1], isKept: false },
  { title: 'a seq without incarnation says nothing: put', kept: [1, 9], put: [null, 1], isKept: false },
  { title: 'a seq without incarnation says nothing: both', kept: [null, 9], put: [null, 1], isKept: false },
  { title: 'without seq the later call of an incarnation is newer', kept: [1, null], put: [1, null, 'draining'], isKept: false },
  { title: 'who ceases to count messages is newer', kept: [1, 9], put: [1, null], isKept: false },
  { title: 'who begins to count messages is newer', kept: [1, null], put: [1, 0], isKept: false }
]

function checksOfPut (check: Check): void {
  check('put — keeps the newer one — by incarnation, seq and goodbye, and else by the order of the calls', async (t, _, one, other) => {
    for (const [index, { title, kept, put, isKept }] of orders.entries()) {
      const say = ([incarnation, seq, state = 'up']: Said, stamp: string): Lease => leaseWith({ info: { id: `n${index}` }, incarnation, seq, state, stamp })
      const [first, second] = [say(kept, `first of ${index}`), say(put, `second of ${index}`)]
      await one.put(first)
      t.equal(await other.put(second), undefined, 'resolves in either case')
      const [found] = (await one.changes(undefined)).leases.filter(({ info }) => info.id === first.info.id)
      t.strictSame(found === undefined ? null : plain(found), isKept ? first : second, title)
    }
  })

  check('put — ends with the newest — whatever the order and the gateway that puts', async (t, _, one, other) => {
    let run = 0
    const position = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 }))
    const puts = fc.uniqueArray(fc.tuple(position, fc.boolean()), { selector: ([said]) => String(said), minLength: 1, maxLength: 12 })
    await fc.assert(fc.asyncProperty(puts, fc.uniqueArray(fc.integer({ min: 0, max: 3 })), fc.boolean(), async (puts, leavers, isAtOnce) => {
      const id = `n${run++}`
      const latest = (incarnation: number): number => Math.max(...puts.filter(([[each]]) => each === incarnation).map(([[, seq]]) => seq))
      const leases = puts.map(([[incarnation, seq], isOther]) => {
        const hasLeft = leavers.includes(incarnation) && seq === latest(incarnation)
        return { store: isOther ? other : one, lease: leaseWith({ info: { id }, incarnation, seq, state: hasLeft ? 'left' : 'up' }) }
      })
      if (isAtOnce) await Promise.all(leases.map(({ store, lease }) => store.put(lease)))
      else for (const { store, lease } of leases) await store.put(lease)
      const newest = leases.map(({ lease }) => lease).sort((a, b) => (b.incarnation ?? 0) - (a.incarnation ?? 0) || (b.seq ?? 0) - (a.seq ?? 0))[0]
      t.strictSame((await one.changes(undefined)).leases.filter(({ info }) => info.id === id).map(plain), [newest])
    }), { numRuns: 40 })
  })

  check('put — keeps nodes apart — of the same id in two services, and of names that read alike', async (t, _, one, other) => {
    const names = [['orders', 'a'], ['users', 'a'], ['a', 'b.c'], ['a.b', 'c'], ['a', '-b'], ['a-', 'b'], ['a', ':b:'], ['a', '@b~']] as const
    for (const [service, id] of names) await one.put(leaseWith({ info: { service, id } }))
    t.same(idsOf(await other.changes(undefined)), names.map(([service, id]) => `${service} ${id}`).sort())
  })

  check('put — gives back what was put — to the last character', async (t, _, one, other) => {
    const full = leaseWith({
      info: {
        id: 'full:1@host~2',
        origin: 'https://[::1]:3000',
        address: '10.0.0.7',
        weight: 0.1,
        zone: 'zürich "1"',
        version: '1.2.3\n',
        tags: { näme: '日本 🚀', quote: '"\\\'', line: 'a\r\nb\u2028c\u0000d', empty: '', number: '1e3', constructor: 'x' },
        static: true
      },
      incarnation: highest,
      seq: highest - 1,
      state: 'draining',
      ttlMs: 1234.5,
      load: { eventLoopUtilization: 0.123456789012345, eventLoopDelayMs: 1e-7, heapUsedBytes: 12_345_678_901, rssBytes: 0, inFlight: null, underPressure: false },
      stamp: 'stämp 1',
      machine: 'b5c1-…'
    })
    const unknown = { eventLoopUtilization: null, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: null, inFlight: null, underPressure: null }
    const empty = leaseWith({ info: { id: 'empty', weight: 0 }, incarnation: null, seq: null, load: unknown })
    const big = leaseWith({ info: { id: 'big', tags: Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`key-${index}`, 'ä'.repeat(256)])) } })
    for (const lease of [full, empty, big]) {
      await one.put(lease)
      t.strictSame(plain(await find(other, lease.info.id)), lease)
      t.strictSame(plain(await find(one, lease.info.id)), lease)
    }
    t.ok(Buffer.byteLength(JSON.stringify(big)) > 16 * 1024, 'one of them has more than 16 KiB')
  })
}

function checksOfChanges (check: Check): void {
  check('changes — gives all and says so — without a cursor', async (t, _, one, other) => {
    const before = await one.changes(undefined)
    t.match(before, { complete: true, leases: [], drains: [], gateways: [], cursor: String })
    await one.put(leaseWith({ info: { id: 'a' } }))
    await other.put(leaseWith({ info: { id: 'b' }, state: 'left' }))
    for (const store of [one, other]) {
      const all = await store.changes(undefined)
      t.equal(all.complete, true)
      t.same(idsOf(all), ['orders a', 'orders b'])
    }
  })

  check('changes — gives what was put since its cursor and nothing else — by any gateway', async (t, _, one, other) => {
    await one.put(leaseWith({ info: { id: 'a' } }))
    await other.put(leaseWith({ info: { id: 'b' } }))
    const { cursor } = await one.changes(undefined)
    const nothing = await one.changes(cursor)
    t.match(nothing, { complete: false, leases: [] })
    await one.put(leaseWith({ info: { id: 'b' }, seq: 2 }))
    await other.put(leaseWith({ info: { id: 'c' } }))
    for (const since of [cursor, nothing.cursor]) {
      for (const store of [one, other, one]) {
        const some = await store.changes(since)
        t.equal(some.complete, false)
        t.same(idsOf(some), ['orders b', 'orders c'], 'also when it is asked again, and by another gateway')
      }
    }
    const next = await other.changes(cursor)
    await one.put(leaseWith({ info: { id: 'c' }, seq: 2, state: 'left' }))
    const last = await one.changes(next.cursor)
    t.same(last.leases.map(plain), [leaseWith({ info: { id: 'c' }, seq: 2, state: 'left' })])
  })

  check('changes — does not give a lease that was put and is not newer', async (t, _, one, other) => {
    await one.put(leaseWith({ seq: 5 }))
    const { cursor } = await other.changes(undefined)
    await other.put(leaseWith({ seq: 4 }))
    await one.put(leaseWith({ seq: 5 }))
    t.match(await one.changes(cursor), { complete: false, leases: [] })
  })

  check('changes — gives everything and says so — for a cursor that is none of its own', async (t, _, one, other) => {
    await one.put(leaseWith())
    for (const cursor of ['', '0', '1', 'x', 'a:b', 'a:1', ':', '1-1', '-1', 'null', '{}', '[]', '{"epoch":"x","version":0}', '…', '\n', '9'.repeat(400), 'x'.repeat(4000), '__proto__']) {
      const all = await other.changes(cursor)
      t.equal(all.complete, true, `'${cursor.slice(0, 30)}'`)
      t.same(idsOf(all), ['orders a'])
    }
  })

  check('changes — gives everything and says so — when the store was emptied', async (t, data, one, other) => {
    if (data.clear === undefined) return t.plan(0, 'nobody can empty it')
    await one.put(leaseWith({ info: { id: 'a' } }))
    await one.put(leaseWith({ info: { id: 'b' } }))
    const { cursor } = await one.changes(undefined)
    await data.clear()
    t.match(await one.changes(cursor), { complete: true, leases: [], drains: [], gateways: [] })
    await other.put(leaseWith({ info: { id: 'c' } }))
    await other.put(leaseWith({ info: { id: 'a' } }))
    await other.put(leaseWith({ info: { id: 'd' } }))
    const all = await one.changes(cursor)
    t.equal(all.complete, true, 'also when as much was put again')
    t.same(idsOf(all), ['orders a', 'orders c', 'orders d'])
    t.match(await one.changes(all.cursor), { complete: false, leases: [] })
  })

  check('changes — leaves nothing out and tells nothing twice — of 2,000 leases', async (t, _, one, other) => {
    const { cursor } = await one.changes(undefined)
    const leases = Array.from({ length: 2000 }, (_, index) => leaseWith({ info: { id: `n${index}`, service: `s${index % 7}` } }))
    for (let first = 0; first < leases.length; first += 100) {
      await Promise.all(leases.slice(first, first + 100).map((lease, index) => (index % 2 === 0 ? one : other).put(lease)))
    }
    const expected = leases.map(({ info }) => `${info.service} ${info.id}`).sort()
    const some = await other.changes(cursor)
    t.same([some.complete, idsOf(some)], [false, expected])
    const all = await one.changes(undefined)
    t.same([all.complete, idsOf(all)], [true, expected])
    t.match(await other.changes(all.cursor), { complete: false, leases: [] })
  })

  check('changes — lead to the same as all of it — wherever one goes on from, whatever was put', async (t, data, one, other) => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), isOther: fc.boolean(), id: fc.constantFrom('a', 'b', 'c', 'd'), seq: fc.integer({ min: 0, max: 9 }), service: fc.constantFrom('orders', 'users') }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), isOther: fc.boolean() }) }
    )
    let incarnation = 0
    const known = new Map<string, string>()
    let cursor: string | undefined
    const read = async (store: RegistryStore): Promise<void> => {
      const changes = await store.changes(cursor)
      if (changes.complete) known.clear()
      for (const { info, stamp } of changes.leases) known.set(`${info.service} ${info.id}`, stamp)
      cursor = changes.cursor
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      incarnation++
      for (const each of steps) {
        const store = each.isOther ? other : one
        if (each.kind === 'read') await read(store)
        else await store.put(leaseWith({ info: { id: each.id, service: each.service }, seq: each.seq, incarnation }))
      }
      await read(one)
      const all = await other.changes(undefined)
      t.same([...known].sort(), all.leases.map(({ info, stamp }) => [`${info.service} ${info.id}`, stamp]).sort())
    }), { numRuns: 25 })
  })

  check('changes — leaves nothing out — while others put', async (t, _, one, other) => {
    const known = new Map<string, string>()
    let cursor: string | undefined
    const read = async (): Promise<void> => {
      const changes = await one.changes(cursor)
      if (changes.complete) known.clear()
      for (const { info, stamp } of changes.leases) known.set(info.id, stamp)
      cursor = changes.cursor
    }
    const write = async (store: RegistryStore, prefix: string): Promise<void> => {
      for (let seq = 0; seq < 200; seq++) await store.put(leaseWith({ info: { id: `${prefix}${seq % 30}` }, seq }))
    }
    const readOften = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn++) await read()
    }
    await Promise.all([write(one, 'a'), write(other, 'b'), write(other, 'c'), readOften()])
    await read()
    const all = await other.changes(undefined)
    t.equal(known.size, 90)
    t.same([...known].sort(), all.leases.map(({ info, stamp }) => [info.id, stamp]).sort())
  })

  check('changes — says how long ago a lease was put — by its own clock', async (t, data, one, other) => {
    await one.put(leaseWith())
    const young = (await find(other, 'a')).ageMs
    await data.pass(100)
    const old = (await find(other, 'a')).ageMs
    t.ok(young >= 0 && young < 5000, `${young} ms at first`)
    t.ok(old >= young + 90 && old < young + 10_000, `${old} ms when 100 ms have passed`)
    await other.put(leaseWith({ seq: 1 }))
    t.ok((await find(one, 'a')).ageMs >= old, 'one that is not newer does not make it young')
    await other.put(leaseWith({ seq: 2 }))
    t.ok((await find(one, 'a')).ageMs < old, 'a newer one does')
  })
}

function checksOfOrdersAndPresences (check: Check): void {
  check('drain — keeps the order of the highest revision — for every node', async (t, _, one, other) => {
    const order = (id: string, revision: number, draining: boolean, service: string = 'orders'): DrainOrder => ({ service, id, draining, revision })
    const { cursor } = await one.changes(undefined)
    await one.drain(order('a', 10, true))
    await other.drain(order('a', 9, false))
    await other.drain(order('a', 10, false))
    await one.drain(order('b', highest - 1, true))
    await other.drain(order('b', highest, false))
    await one.drain(order('a', 1, false, 'users'))
    await other.drain(order('c', 0, true))
    const expected = [order('a', 10, true), order('b', highest, false), order('c', 0, true), order('a', 1, false, 'users')]
    for (const since of [undefined, cursor, (await one.changes(undefined)).cursor]) {
      for (const store of [one, other]) {
        const { drains } = await store.changes(since)
        t.strictSame([...drains].sort((a, b) => compare(a.service + a.id, b.service + b.id)), expected, 'all, wherever one goes on from')
      }
    }
    t.same((await one.changes(undefined)).leases, [], 'an order is no lease')
  })

  check('announce — makes a gateway known — until its time is over or it withdraws', async (t, data, one, other) => {
    const gateway = (id: string, address: string = `http://10.0.0.1:8080/${id}`): GatewayPresence => ({ id, address, machine: `mächine ${id}` })
    const { cursor } = await one.changes(undefined)
    const known = async (store: RegistryStore, since?: string): Promise<GatewayPresence[]> => [...(await store.changes(since)).gateways].sort((a, b) => compare(a.id, b.id))
    await one.announce(gateway('a'), 60_000)
    await other.announce(gateway('b'), 200)
    await other.announce(gateway('c'), 60_000)
    t.strictSame(await known(one), [gateway('a'), gateway('b'), gateway('c')])
    t.strictSame(await known(other, cursor), [gateway('a'), gateway('b'), gateway('c')], 'all, wherever one goes on from')
    await one.announce(gateway('c'), 0)
    await one.announce(gateway('c'), 0)
    await one.announce(gateway('a', 'http://10.0.0.2:8080'), 60_000)
    await data.pass(250)
    t.strictSame(await known(other), [gateway('a', 'http://10.0.0.2:8080')])
  })

  check('announce — lengthens from now on', async (t, data, one, other) => {
    const gateway = { id: 'a', address: 'http://10.0.0.1:8080', machine: 'm' }
    await one.announce(gateway, 200)
    await one.announce(gateway, 60_000)
    await data.pass(250)
    t.strictSame((await other.changes(undefined)).gateways, [gateway])
    await one.announce(gateway, 100)
    await data.pass(150)
    t.strictSame((await other.changes(undefined)).gateways, [])
  })
}

function checksOfHints (check: Check): void {
  check('onHint — tells the other gateways — of a put, a drain, a presence', async (t, _, one, other) => {
    if (one.onHint === undefined) return t.plan(0, 'it gives no hints')
    let hints = 0
    const end = one.onHint(() => { hints++ })
    t.teardown(end)
    await one.changes(undefined)
    let count = 0
    const causes: ReadonlyArray<() => Promise<void>> = [
      () => other.put(leaseWith({ seq: count++ })),
      () => other.drain({ service: 'orders', id: 'a', draining: true, revision: count++ }),
      () => other.announce({ id: 'a', address: `http://10.0.0.1:${8080 + count++}`, machine: 'm' }, 60_000)
    ]
    for (const cause of causes) {
      const before = hints
      // A hint may be lost, for instance while the store only begins to listen.
      await until(async () => {
        if (hints === before) await cause()
        return hints > before
      }, 'a hint', 10_000)
    }
    t.ok(hints >= causes.length)
  })

  check('onHint — calls nobody — who has ended it', async (t, _, one, other) => {
    if (one.onHint === undefined) return t.plan(0, 'it gives no hints')
    let [ended, listening, incarnation] = [0, 0, 0]
    const end = one.onHint(() => { ended++ })
    t.teardown(one.onHint(() => { listening++ }))
    end()
    end()
    await until(async () => {
      await other.put(leaseWith({ incarnation: incarnation++ }))
      return listening > 2
    }, 'hints', 10_000)
    t.equal(ended, 0)
  })
}

function checksOfLeases (check: Check): void {
  check('lease — has one owner — who keeps the token with it', async (t, data, one, other) => {
    if (one.lease === undefined || other.lease === undefined) return t.plan(0, 'it gives no leases')
    const first = await one.lease('leader', 'a', 60_000)
    t.ok(Number.isSafeInteger(first?.token), `the token is ${first?.token}`)
    t.equal(await other.lease('leader', 'b', 60_000), undefined)
    t.same(await one.lease('leader', 'a', 60_000), first)
    t.same(await other.lease('leader', 'a', 60_000), first, 'the owner counts, not the store it asks')
    t.type((await other.lease('another', 'b', 60_000))?.token, 'number', 'another name is another lease')
    t.equal(await other.lease('leader', 'b', 60_000), undefined)
  })

  check('lease — goes to one — when many ask at once', async (t, data, one, other) => {
    if (one.lease === undefined || other.lease === undefined) return t.plan(0, 'it gives no leases')
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).lease?.('leader', `owner ${index}`, 60_000)))
    t.equal(answers.filter(each => each !== undefined).length, 1)
  })

  check('lease — goes to another with a higher token — when it is over', async (t, data, one, other) => {
    if (one.lease === undefined || other.lease === undefined) return t.plan(0, 'it gives no leases')
    const tokens: number[] = []
    for (const [store, owner] of [[one, 'a'], [other, 'b'], [one, 'a']] as const) {
      const lease = await store.lease?.('leader', owner, 100)
      tokens.push(lease?.token ?? NaN)
      await data.pass(150)
    }
    t.ok(isAscending(tokens), tokens.join(' < '))
    await one.lease('leader', 'a', 100)
    await one.lease('leader', 'a', 60_000)
    await data.pass(150)
    t.equal(await other.lease('leader', 'b', 100), undefined, 'a lease that was lengthened is not over')
  })

  check('release — ends the lease — of its owner alone', async (t, data, one, other) => {
    if (one.lease === undefined || one.release === undefined || other.lease === undefined || other.release === undefined) return t.plan(0, 'it releases nothing')
    const first = await one.lease('leader', 'a', 60_000)
    await other.release('leader', 'b')
    await other.release('another', 'b')
    t.equal(await other.lease('leader', 'b', 60_000), undefined)
    await one.release('leader', 'a')
    const second = await other.lease('leader', 'b', 60_000)
    await other.release('leader', 'b')
    const third = await other.lease('leader', 'b', 60_000)
    const tokens = [first, second, third].map(each => each?.token ?? NaN)
    t.ok(isAscending(tokens), tokens.join(' < '))
  })

  check('lease — has a higher token than before — when the store was emptied', async (t, data, one, other) => {
    if (one.lease === undefined || other.lease === undefined || data.clear === undefined) return t.plan(0, 'it gives no leases, or nobody can empty it')
    const tokens: number[] = []
    for (const owner of ['a', 'b', 'b', 'a']) {
      tokens.push((await other.lease('leader', owner, 60_000))?.token ?? NaN)
      await data.clear()
    }
    t.ok(isAscending(tokens), tokens.join(' < '))
  })
}

/** What was put of what a store gives back. */
function plain ({ ageMs, ...lease }: StoredLease): Lease {
  return lease
}

async function find (store: RegistryStore, id: string): Promise<StoredLease> {
  const found = (await store.changes(undefined)).leases.find(({ info }) => info.id === id)
  if (found === undefined) throw new Error(`the store does not know ${id}`)
  return found
}

function idsOf ({ leases }: StoreChanges): string[] {
  return leases.map(({ info }) => `${info.service} ${info.id}`).sort()
}

function compare (one: string, other: string): number {
  return Number(one > other) - Number(one < other)
}

function isAscending (numbers: readonly number[]): boolean {
  return numbers.every((each, index) => Number.isFinite(each) && (index === 0 || each > (numbers[index - 1] ?? NaN)))
}
