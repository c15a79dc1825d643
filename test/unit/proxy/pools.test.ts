import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'tap'
import { Pools } from '../../../lib/proxy/pools.js'
import { until } from '../../support/client.js'
import { writable } from '../../../lib/node/node.js'
import { get, nodeWith } from './fixtures.js'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

const poolsWith = (t: Test): Pools => {
  const pools = new Pools(() => ({ connectTimeoutMs: 500, tls: null }))
  t.teardown(() => pools.close())
  return pools
}

async function portOfServer (t: Test): Promise<{ port: number, hosts: string[], answer: () => void }> {
  const hosts: string[] = []
  const answers: Array<() => void> = []
  const server = createServer((request, response) => {
    hosts.push(String(request.headers.host))
    answers.push(() => response.end('fine'))
    if (request.url === '/') response.end('fine')
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close().closeAllConnections() })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, hosts, answer: () => answers.shift()?.() }
}

test('a pool — is made at first use and kept for its node', async t => {
  const pools = poolsWith(t)
  const [a, b] = [nodeWith('a'), nodeWith('b')]
  t.equal(pools.poolOf(a), pools.poolOf(a))
  t.not(pools.poolOf(a), pools.poolOf(b))
})

test('a pool — is replaced when its node moves to another origin', async t => {
  const pools = poolsWith(t)
  const node = nodeWith('a')
  const before = pools.poolOf(node)
  writable(node).info = { ...node.info, origin: 'http://elsewhere.example:81' }
  t.not(pools.poolOf(node), before)
  await t.rejects(get(before), { code: 'UND_ERR_DESTROYED' })
})

for (const address of ['127.0.0.1', null]) {
  test(`a node with a name and ${address === null ? 'no checked address — is dialled by its name' : 'a checked address — is dialled at the address, under its name'}`, async t => {
    const { port, hosts } = await portOfServer(t)
    const name = address === null ? 'localhost' : 'a.example'
    const pool = poolsWith(t).poolOf(nodeWith('a', { origin: `http://${name}:${port}`, address }))
    t.equal(await get(pool), 'fine')
    t.same(hosts, [`${name}:${port}`])
  })
}

test('the pool of a node that is gone — lets running requests end, and takes no new ones', async t => {
  const { port, hosts, answer } = await portOfServer(t)
  const pools = poolsWith(t)
  const node = nodeWith('a', { origin: `http://127.0.0.1:${port}` })
  const pool = pools.poolOf(node)
  const running = get(pool, '/slow')
  await until('the request', () => hosts.length === 1)
  pools.forget(node)
  pools.forget(node)
  await t.rejects(get(pool), { code: 'UND_ERR_DESTROYED' })
  answer()
  t.equal(await running, 'fine')
})

test('closed pools — cut off what runs, also on nodes that are gone, and connect to nobody any more', async t => {
  const { port, hosts } = await portOfServer(t)
  const pools = poolsWith(t)
  const [gone, known] = ['gone', 'known'].map(id => nodeWith(id, { origin: `http://127.0.0.1:${port}` }))
  const running = [gone, known].flatMap(node => node === undefined ? [] : [t.rejects(get(pools.poolOf(node), '/slow'), { code: 'UND_ERR_DESTROYED' })])
  await until('both requests', () => hosts.length === 2)
  if (gone !== undefined) pools.forget(gone)
  await pools.close()
  await Promise.all(running)
  await t.rejects(get(pools.poolOf(nodeWith('late', { origin: `http://127.0.0.1:${port}` }))), { code: 'UND_ERR_DESTROYED' })
  t.equal(hosts.length, 2)
})
