import { createServer, request } from 'node:http'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { fixedSeed, seeded } from '../../support/random.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const seed = Number(process.env.SEED ?? fixedSeed)
const total = 2000
const atOnce = 25
/** On a slow machine there are fewer requests, not a longer run. */
const halfMs = 6000
const long = Buffer.alloc(150_000, 'x')

type Deed = (request: IncomingMessage, response: ServerResponse) => void

/** What a nasty node does with a request, and how often of a hundred. */
const deeds: ReadonlyArray<readonly [share: number, deed: Deed]> = [
  [40, (request, response) => { request.resume().on('end', () => response.setHeader('content-type', 'text/plain').end('fine')) }],
  [15, (request, response) => { request.resume().on('end', () => response.end(long)) }],
  [10, (request, response) => { request.resume(); response.writeHead(503).end(long.subarray(0, 70_000)) }],
  [5, (request, response) => { request.resume(); response.writeHead(429).end() }],
  [10, request => { request.socket.resetAndDestroy() }],
  [5, request => { request.once('data', () => request.socket.resetAndDestroy()).once('end', () => request.socket.destroy()) }],
  [5, (request, response) => { request.resume(); response.write(long, () => request.socket.resetAndDestroy()) }],
  [3, request => { request.socket.end('no HTTP at all\r\n\r\n') }],
  [3, request => { request.socket.end('HTTP/1.1 200 OK\r\ncontent-len') }],
  [2, (_request, response) => { response.writeHead(413).end('enough') }],
  [2, request => { request.resume() }]
]

function deedOf (draw: number): Deed {
  let left = draw * 100
  for (const [share, deed] of deeds) {
    left -= share
    if (left < 0) return deed
  }
  throw new Error('the shares are no hundred')
}

async function startNasty (t: Test, chance: () => number, posted: Map<string, number>): Promise<{ origin: string, close: () => void }> {
  const server = createServer((request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    const { method, headers } = request
    const id = String(headers['x-id'])
    if (method === 'POST') posted.set(id, (posted.get(id) ?? 0) + 1)
    deedOf(chance())(request, response)
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  const close = (): void => server.close().closeAllConnections()
  t.teardown(close)
  await new Promise(resolve => server.once('listening', resolve))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** One request of a client that may lose patience; comes with how it ended. */
async function oneRequest (origin: string, id: number, chance: () => number): Promise<string> {
  const method = ['GET', 'PUT', 'POST'][Math.floor(chance() * 3)] ?? 'GET'
  const patienceMs = chance() < 0.2 ? chance() * 20 : Infinity
  const bytes = method === 'GET' ? 0 : Math.floor(chance() * 100_000)
  const outgoing = request(`${origin}/${id}`, { method, agent: false, headers: { 'x-id': id, ...method === 'GET' ? {} : { 'content-type': 'application/octet-stream', 'content-length': bytes } } })
  const impatience = patienceMs === Infinity ? undefined : setTimeout(() => outgoing.destroy(), patienceMs)
  const end = new Promise<string>(resolve => {
    outgoing.on('error', () => resolve(patienceMs === Infinity ? 'broken' : 'left'))
    outgoing.on('response', response => {
      response.on('error', () => {})
      response.on('close', () => resolve(response.complete ? String(response.statusCode) : 'broken'))
      response.resume()
    })
  })
  if (bytes > 0) Readable.from([long.subarray(0, bytes / 2), long.subarray(0, bytes - Math.floor(bytes / 2))]).pipe(outgoing)
  else outgoing.end()
  return await within(8000, `request ${id}`, end).finally(() => clearTimeout(impatience))
}

function heldBytes (): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** The sockets of this process. */
function sockets (): string[] {
  return process.getActiveResourcesInfo().filter(name => /TCP|ConnectWrap|GetAddrInfo/.test(name)).sort()
}

test(`a soak of ${total} requests against three nasty nodes — leaves nothing behind, and sends no POST twice — seed ${seed}`, { timeout: 60_000 }, async t => {
  const socketsBefore = sockets()
  const posted = new Map<string, number>()
  const chance = seeded(seed)
  const [a, b, c] = [await startNasty(t, chance, posted), await startNasty(t, chance, posted), await startNasty(t, chance, posted)]
  let turn = 0
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, b: b.origin, c: c.origin },
    streams: true,
    attemptTimeoutMs: 300,
    timeoutMs: 1000,
    server: { logger: false },
    strategy: () => ({ pick: candidates => candidates[turn++ % candidates.length] ?? candidates[0] })
  })
  const ends = new Map<string, number>()
  let next = 0
  const work = async (until: number, endAt: number): Promise<void> => {
    while (next < until && performance.now() < endAt) {
      const end = await oneRequest(gateway.origin, next++, chance)
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }
  }
  const half = async (until: number): Promise<unknown> => Promise.all(Array.from({ length: atOnce }, async () => work(until, performance.now() + halfMs)))
  await half(total / 2)
  await until('0 in flight after the first half', () => gateway.inFlight() === 0)
  const heldAtHalf = heldBytes()
  await half(total)
  await until('0 in flight', () => gateway.inFlight() === 0)
  const grownBytes = heldBytes() - heldAtHalf

  t.comment([...ends].sort().map(([end, count]) => `${end}: ${count}`).join(', '))
  t.same([...posted].filter(([, times]) => times > 1), [], 'no POST was received twice')
  t.notOk(ends.has('500'), 'no answer that nobody meant')
  t.ok((ends.get('200') ?? 0) > next * 0.45, `${ends.get('200')} of ${next} were answered`)
  t.ok(grownBytes < 3 * 2 ** 20, `the heap grew by ${Math.round(grownBytes / 1024)} KiB over the second half`)
  await gateway.app.close()
  // a node whose socket is paused does not see that the other side has closed it
  for (const { close } of [a, b, c]) close()
  await until(`the sockets of before; there are ${sockets().join()}`, () => sockets().length <= socketsBefore.length, 8000)
})
