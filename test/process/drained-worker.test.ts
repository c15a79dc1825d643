import http from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { addressOf, isQuiet, startNode, until } from '../support/process.js'
import { startGroup } from '../support/process-group.js'
import { failed, load } from '../support/process-load.js'
import { nodesOf, nodesUp, reasonsOf } from '../support/process-status.js'
import type { Test } from 'tap'

test('a worker that drains and closes — fails no request — three times over, under load', async t => {
  const group = await startGroup(t)
  let [worker, ...others] = group.workers
  const traffic = load(group.address, { perSecond: 200 })
  const closed = []

  for (let round = 0; round < 3; round++) {
    await sleep(1000)
    worker.send('SIGTERM')
    t.same(await worker.exited, { code: 0, signal: null }, 'the worker ends by itself')
    closed.push(worker)
    worker = await group.startWorker(worker.port)
    await nodesUp(group.address, 'load', 3)
  }
  const shots = await traffic.stop()

  t.ok(shots.length > 400, `${shots.length} requests were sent`)
  t.same(failed(shots), [], 'no request failed')
  const posts = group.receivedByAll().filter(id => id.startsWith('POST'))
  t.same(posts.filter((id, index) => posts.indexOf(id) !== index), [], 'no POST was received twice')
  t.same((await nodesOf(group.address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is left in flight')
  const reasons = reasonsOf(group.gateway, `127.0.0.1:${worker.port}`).filter(reason => reason !== 'warmed-up')
  t.same(reasons.slice(0, 4), ['registered', 'drain-announced', 'left', 'registered'], 'it drained, left and came back')
  isQuiet(t, group.gateway, worker, ...closed, ...others)
})

/** Stands in for a gateway: takes every heartbeat, and calls `onDraining` when it has answered the one that says so. */
async function startListener (t: Test, onDraining: () => void) {
  const beats: Array<{ port?: number, origin?: string, state: string }> = []
  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const beat = JSON.parse(text)
    beats.push(beat)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 'it', service: beat.service, state: beat.state, intervalMs: 1000, ttlMs: 3000, gateways: [], fanout: 'all', drain: false }))
    if (beat.state === 'draining') onDraining()
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { address: `http://127.0.0.1:${port}`, beats }
}

// A gateway picks a node, and only then the request goes to its connection: a turn of the event loop later, or when the connection stands.
test('a worker that drains and closes — answers a request that a gateway had picked it for before it knew — though it comes 20 ms later', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { address, beats } = await startListener(t, () => {
    setTimeout(() => socket.write('POST / HTTP/1.1\r\nhost: it\r\nx-request: late\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"id":"late"}'), 20)
  })
  const worker = startNode(t, 'test/process/fixtures/worker.js', { GATEWAYS: address, FOLDER: folder, MOST_MS: '0' }, 'the worker')
  const { port } = new URL(await addressOf(worker))
  const socket = connect(Number(port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  let received = ''
  socket.setEncoding('utf8').on('data', chunk => { received += chunk }).on('error', () => {})
  await until(() => beats.length > 0, 'it beats')
  socket.write('GET / HTTP/1.1\r\nhost: it\r\nx-request: early\r\n\r\n')
  await until(() => received.includes('early'), 'the connection is in use')

  worker.send('SIGTERM')
  await worker.exited
  t.match(received, /"id":"late"/, 'it has an answer')
  isQuiet(t, worker)
})
