import fc from 'fast-check'
import { test } from 'tap'
import { LeaseLog, maxLeaseBytes } from '../../../../lib/stores/local/lease-log.js'
import { leaseWith } from '../../../support/store-contract.js'

const idsSince = (log: LeaseLog, version: number): string[] => Array.from(log.since(version), ({ lease }) => lease.info.id)

test('LeaseLog — gives what was put after a version — in order, each node once', async t => {
  const log = new LeaseLog()
  for (const id of ['a', 'b', 'c']) t.equal(log.put(leaseWith({ info: { id } }), 0), true)
  const { version } = log
  t.same([idsSince(log, 0), idsSince(log, 1), idsSince(log, version)], [['a', 'b', 'c'], ['b', 'c'], []])
  log.put(leaseWith({ info: { id: 'a' }, seq: 2 }), 0)
  t.same([idsSince(log, 0), idsSince(log, version)], [['b', 'c', 'a'], ['a']])
})

test('LeaseLog — keeps the version — for a lease that is not newer', async t => {
  const log = new LeaseLog()
  log.put(leaseWith({ seq: 2 }), 0)
  t.equal(log.put(leaseWith({ seq: 2 }), 10), false)
  t.match([...log.since(0)], [{ version: 1, putAt: 0, heardAt: 10 }])
  t.equal(log.version, 1)
})

test('LeaseLog — refuses a lease that is too big', async t => {
  const log = new LeaseLog()
  const lease = leaseWith({ info: { tags: { big: 'ä'.repeat(maxLeaseBytes / 2) } } })
  t.throws(() => log.put(lease, 0), /at most 65536/)
  t.same(idsSince(log, 0), [])
})

test('LeaseLog — forgets what nobody has put since then — not what was put again without being newer', async t => {
  const log = new LeaseLog()
  for (const id of ['a', 'b', 'c']) log.put(leaseWith({ info: { id } }), 0)
  log.put(leaseWith({ info: { id: 'b' } }), 100)
  log.forget(0)
  t.same(idsSince(log, 0), ['a', 'b', 'c'])
  log.forget(1)
  t.same(idsSince(log, 0), ['b'])
  log.put(leaseWith({ info: { id: 'a' } }), 100)
  t.same([idsSince(log, 0), idsSince(log, 3)], [['b', 'a'], ['a']])
})

test('LeaseLog — is at one with a list that is searched each time — whatever is put and forgotten', async t => {
  const put = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), seq: fc.integer({ min: 0, max: 20 }), forgets: fc.integer({ min: 0, max: 9 }).map(each => each === 0) })
  fc.assert(fc.property(fc.array(put, { maxLength: 80 }), fc.integer({ min: 0, max: 80 }), (puts, since) => {
    const log = new LeaseLog()
    let model: Array<{ id: string, seq: number, version: number, heardAt: number }> = []
    let version = 0
    for (const [now, { id, seq, forgets }] of puts.entries()) {
      log.put(leaseWith({ info: { id }, seq }), now)
      const kept = model.find(each => each.id === id)
      if (kept !== undefined && kept.seq >= seq) kept.heardAt = now
      else model = [...model.filter(each => each.id !== id), { id, seq, version: ++version, heardAt: now }]
      if (!forgets) continue
      log.forget(now - 5)
      model = model.filter(({ heardAt }) => heardAt >= now - 5)
    }
    t.same(Array.from(log.since(since), ({ lease, version }) => [lease.info.id, lease.seq, version]),
      model.filter(each => each.version > since).map(({ id, seq, version }) => [id, seq, version]))
  }), { numRuns: 200 })
})
