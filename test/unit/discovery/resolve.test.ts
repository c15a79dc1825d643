import { test } from 'tap'
import { resolveNodes } from '../../../lib/discovery/resolve.js'
import { startNameServer } from '../../support/name-server.js'
import type { Test } from 'tap'
import type { Answer } from '../../../lib/discovery/resolve.js'
import type { Zone } from '../../support/name-server.js'

const name = 'orders.example'
const address = '127.0.0.1'
const long = 'fd00:0:0:0:0:0:0:2'

/** What a name server says of where the nodes are. */
async function answerOf (t: Test, entry: Zone[string] | null): Promise<Answer> {
  const server = await startNameServer(t, entry === null ? {} : { [name]: entry })
  return await resolveNodes({ a: name, port: 3000, servers: [server.address] })
}

test('resolve — the IPv4 addresses, also where there are others', async t => {
  t.same(await answerOf(t, { ttl: 7, a: [address], aaaa: [long] }), { nodes: [{ origin: 'http://127.0.0.1:3000', weight: 1 }], ttlMs: 7000 })
})

test('resolve — the IPv6 addresses of a name that has no others', async t => {
  t.same(await answerOf(t, { ttl: 7, aaaa: [long] }), { nodes: [{ origin: 'http://[fd00::2]:3000', weight: 1 }], ttlMs: 7000 })
})

test('resolve — a name server that fails to say the IPv4 addresses is no reason to take the others', async t => {
  await t.rejects(answerOf(t, { ttl: 7, a: [address], aaaa: [long], failing: ['a'] }), { code: 'ESERVFAIL' })
})

test('resolve — nor is one that fails to say any', async t => {
  await t.rejects(answerOf(t, { ttl: 7, failing: ['aaaa'] }), { code: 'ESERVFAIL' })
})

test('resolve — one host of an SRV answer whose address is not said makes no answer', async t => {
  const srv = ['a.example', 'b.example'].map(name => ({ priority: 1, weight: 1, port: 3000, name }))
  const server = await startNameServer(t, { [name]: { ttl: 7, srv }, 'a.example': { ttl: 7, a: [address] }, 'b.example': { ttl: 7, a: [address], aaaa: [long], failing: ['a'] } })
  await t.rejects(resolveNodes({ srv: name, servers: [server.address] }), { code: 'ESERVFAIL' })
})

test('resolve — a name that is not there, or has no address, is no answer', async t => {
  await t.rejects(answerOf(t, null), { code: 'ENOTFOUND' })
  await t.rejects(answerOf(t, { ttl: 7 }), { code: 'ENODATA' })
})
