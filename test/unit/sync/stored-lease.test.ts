import { test } from 'tap'
import { storedLeaseOf } from '../../../lib/sync/stored-lease.js'
import { storedWith } from './fixtures.js'

const load = { eventLoopUtilization: 0.5, eventLoopDelayMs: 1, heapUsedBytes: 2, rssBytes: 3, inFlight: 4, underPressure: true }

test('a lease is taken as it is, and cannot be changed', async t => {
  const lease = storedWith({ incarnation: 7, seq: 0, state: 'draining', load, machine: 'there', ageMs: 12 })
  t.same(storedLeaseOf(lease), lease)
  t.ok(Object.isFrozen(storedLeaseOf(lease)))
})

test('what a newer version says besides is left out, and what it does not say is unknown', async t => {
  const { incarnation: _incarnation, seq: _seq, load: _load, machine: _machine, ...lease } = storedWith()
  const { address: _address, weight: _weight, tags: _tags, ...info } = lease.info
  const read = storedLeaseOf({ ...lease, priority: 1, info: { ...info, rack: 'r1' } })
  t.match(read, { incarnation: null, seq: null, load: null, machine: null, info: { address: null, weight: 1, tags: {} } })
  t.notOk('priority' in read || 'rack' in read.info)
})

test('no node is static because a store says so', async t => {
  t.equal(storedLeaseOf(storedWith({ info: { static: true } })).info.static, false)
})

test('a lease lasts ten minutes at most, and is not younger than new', async t => {
  t.match(storedLeaseOf(storedWith({ ttlMs: 1e9, ageMs: -1e9 })), { ttlMs: 600_000, ageMs: 0 })
})

test('of a load report the numbers are taken', async t => {
  t.same(storedLeaseOf({ ...storedWith(), load: { ...load, rssBytes: '3', inFlight: NaN, underPressure: 'yes', more: 1 } }).load, { ...load, rssBytes: null, inFlight: null, underPressure: null })
})

test('what is no lease is refused, and the reason told', async t => {
  const rows: ReadonlyArray<readonly [what: unknown, message: RegExp]> = [
    [null, /'lease' must be an object/],
    ['lease', /'lease' must be an object/],
    [{}, /'lease.info' must be an object/],
    [{ ...storedWith(), info: {} }, /'lease.info.service' is missing/],
    [storedWith({ info: { service: '../x' } }), /'lease.info.service' must be/],
    [storedWith({ info: { id: '' } }), /'lease.info.id' must be/],
    [storedWith({ info: { origin: 'http://10.0.0.1:1/path' } }), /'lease.info.origin' must be/],
    [storedWith({ info: { weight: -1 } }), /'lease.info.weight' must be/],
    [{ ...storedWith(), info: { ...storedWith().info, tags: { a: 1 } } }, /'lease.info.tags.a' must be/],
    [storedWith({ incarnation: -1 }), /'lease.incarnation' must be/],
    [storedWith({ incarnation: 1e300 }), /'lease.incarnation' must be/],
    [{ ...storedWith(), seq: '7' }, /'lease.seq' must be/],
    [{ ...storedWith(), state: 'paused' }, /'lease.state' must be/],
    [storedWith({ ttlMs: NaN }), /'lease.ttlMs' must be/],
    [storedWith({ ttlMs: -1 }), /'lease.ttlMs' must be/],
    [{ ...storedWith(), ttlMs: '3000' }, /'lease.ttlMs' must be/],
    [storedWith({ ageMs: NaN }), /'lease.ageMs' must be/],
    [{ ...storedWith(), ageMs: undefined }, /'lease.ageMs' must be/],
    [{ ...storedWith(), load: 7 }, /'lease.load' must be an object/],
    [{ ...storedWith(), stamp: undefined }, /'lease.stamp' must be/],
    [{ ...storedWith(), machine: 7 }, /'lease.machine' must be/]
  ]
  for (const [what, message] of rows) t.throws(() => storedLeaseOf(what), { code: 'FST_BALANCE_OPTION', message }, String(message))
})
