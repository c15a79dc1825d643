import { test } from 'tap'
import { Pool } from '../../../lib/proxy/pool.js'
import { until } from '../../support/client.js'
import { refusingOrigin, resettingWhenReused, startUpstream } from '../../support/upstream.js'
import { get } from './fixtures.js'
import type { Test } from 'tap'
import type { Behaviour, Connection, Upstream } from '../../support/upstream.js'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const answering: Behaviour = { received: ({ socket }) => socket.write(ok) }

async function poolWith (t: Test, behaviour: Behaviour = answering): Promise<{ pool: Pool, upstream: Upstream }> {
  const upstream = await startUpstream(t, behaviour)
  const pool = new Pool(upstream.origin, {})
  t.teardown(() => pool.destroy())
  return { pool, upstream }
}

const headsOf = ({ connections }: Upstream): number[] => connections.map(({ heads }) => heads)
/** undici frees a connection in the turn after its answer. */
const turn = async (): Promise<void> => await new Promise(resolve => setImmediate(resolve))

test('a pool — takes the same connection for one request after the other', async t => {
  const { pool, upstream } = await poolWith(t)
  for (let count = 0; count < 5; count++) {
    t.equal(await get(pool), 'ok')
    await turn()
  }
  t.same(headsOf(upstream), [5])
  t.equal(pool.size, 1)
})

test('a pool — takes a connection for each request that runs, and of free ones that which became free last', async t => {
  const waiting: Connection[] = []
  const { pool, upstream } = await poolWith(t, { received: connection => waiting.push(connection) })
  const three = [get(pool), get(pool), get(pool)]
  await until('all three', () => waiting.length === 3)
  for (const [index, { socket }] of [...waiting].entries()) {
    socket.write(ok)
    await three[index]
    await turn()
  }
  const last = waiting.at(-1)
  const four = get(pool)
  await until('the fourth', () => waiting.length === 4)
  t.equal(waiting[3], last)
  last?.socket.write(ok)
  t.equal(await four, 'ok')
  t.equal(upstream.connections.length, 3)
  t.equal(pool.size, 3)
})

test('a pool — forgets connections that the node has closed, and opens new ones', async t => {
  const { pool, upstream } = await poolWith(t)
  await Promise.all([get(pool), get(pool)])
  await turn()
  t.equal(pool.size, 2)
  for (const { socket } of upstream.connections) socket.end()
  await until('both are forgotten', () => pool.size === 0)
  t.equal(await get(pool), 'ok')
  t.same(headsOf(upstream), [1, 1, 1])
})

test('a pool — forgets a connection that was reset in use', async t => {
  const { pool } = await poolWith(t, resettingWhenReused)
  t.equal(await get(pool), 'ok')
  await turn()
  await t.rejects(get(pool), { code: 'ECONNRESET' })
  await until('it is forgotten', () => pool.size === 0)
  t.equal(await get(pool), 'ok')
})

test('a pool — forgets a connection that was refused', async t => {
  const pool = new Pool(await refusingOrigin(t), {})
  t.teardown(() => pool.destroy())
  await t.rejects(get(pool), { code: 'ECONNREFUSED' })
  await until('it is forgotten', () => pool.size === 0)
})

test('a pool — keeps a connection whose request undici refuses, and forgets one that was made for it', async t => {
  const { pool, upstream } = await poolWith(t)
  const refused = async (): Promise<void> => { await t.rejects(get(pool, '/', ['x-bad', 'a\nb']), { code: 'UND_ERR_INVALID_ARG' }) }
  await refused()
  t.equal(pool.size, 0)
  await get(pool)
  await turn()
  await refused()
  t.equal(await get(pool), 'ok')
  t.same(headsOf(upstream), [2])
  t.equal(pool.size, 1)
})

test('a closed pool — refuses requests, and keeps nothing', async t => {
  const { pool, upstream } = await poolWith(t)
  await get(pool)
  await turn()
  await pool.close()
  await t.rejects(get(pool), { code: 'UND_ERR_DESTROYED' })
  t.equal(upstream.connections.length, 1)
  t.equal(pool.size, 0)
})
