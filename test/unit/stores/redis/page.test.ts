import t from 'tap'
import { cursorOf, pageOf, pageSize, positionOf, wordsOf } from '../../../../lib/stores/redis/page.js'
import { leaseWith } from '../../../support/store-contract.js'

const reply = (records: readonly string[], drains: readonly string[] = [], gateways: readonly string[] = []): unknown =>
  ['1.5-ab', '7', '0', '1000', '3', records, drains, gateways]

const recordOf = (lease: Parameters<typeof wordsOf>[0], putAt: number): string => {
  const [incarnation, seq, state, info, rest] = wordsOf(lease)
  return [incarnation, seq, state, putAt, info, rest].join('\n')
}

t.test('a cursor leads back to its position', async t => {
  const position = { source: '1795355366.123456-0123456789abcdef0123456789abcdef01234567', version: '42' }
  t.same(positionOf(cursorOf(position)), position)
  t.same(positionOf(cursorOf({ source: '1.2-', version: '0' })), { source: '1.2-', version: '0' }, 'a server that does not tell who it is')
})

t.test('what is not a cursor is the beginning', async t => {
  for (const cursor of [undefined, '', '0', '1-1', '1.5-ab', '1.5-ab:', ':7', '1.5-xy:7', '1.5-ab:7\n', '1.5-ab:-7', `1.5-ab:${'9'.repeat(16)}`]) {
    t.same(positionOf(cursor), { source: '', version: '0' }, `${cursor}`)
  }
})

t.test('a page gives back leases with their age', async t => {
  const [counted, uncounted] = [leaseWith({ incarnation: 2, seq: 0, info: { tags: { a: '\n' } } }), leaseWith({ incarnation: null, seq: null, state: 'left' })]
  const page = pageOf(reply([recordOf(counted, 900), '', recordOf(uncounted, 1001)]))
  t.strictSame(page.leases, [{ ...counted, ageMs: 100 }, { ...uncounted, ageMs: 0 }])
  t.match(page, { position: { source: '1.5-ab', version: '7' }, isOther: false, hints: 3, isFull: false })
})

t.test('a page is full when it has all that it may have, also what was forgotten meanwhile', async t => {
  t.equal(pageOf(reply(Array.from({ length: pageSize }, () => ''))).isFull, true)
  t.equal(pageOf(reply(Array.from({ length: pageSize - 1 }, () => ''))).isFull, false)
})

t.test('a page gives orders, and the gateways that are not gone', async t => {
  const gateway = (id: string): string => JSON.stringify({ id, address: 'http://10.0.0.1', machine: 'm' })
  const page = pageOf(reply([], ['orders/a:1', '5\n900\n1', 'users/b', '6\n900\n0'], [`1001\n${gateway('here')}`, `1000\n${gateway('gone')}`]))
  t.same(page.drains, [{ service: 'orders', id: 'a:1', draining: true, revision: 5 }, { service: 'users', id: 'b', draining: false, revision: 6 }])
  t.same(page.gateways.map(({ id }) => id), ['here'])
})
