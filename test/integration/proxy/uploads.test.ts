import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { test } from 'tap'
import { headOf, openRequest, answerOf, send, until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { refusingOrigin, resettingAfter, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

const binary = { 'content-type': 'application/octet-stream' }
const mebibyte = 2 ** 20

/** A node that answers with the SHA-256 of the body and keeps nothing. */
async function startDigesting (t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', chunk => {
      hash.update(chunk)
      bytes += chunk.length
    })
    request.on('end', () => response.end(`${bytes} ${hash.digest('hex')}`))
  })
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Pieces of 64 KiB, each with its number in it. */
function * pieces (bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += 65_536) {
    const piece = Buffer.alloc(Math.min(65_536, bytes - at), 1)
    piece.writeUInt32BE(at)
    yield piece
  }
}

function digestOf (bytes: number): string {
  const hash = createHash('sha256')
  for (const piece of pieces(bytes)) hash.update(piece)
  return `${bytes} ${hash.digest('hex')}`
}

test('a streamed PUT of 10 KiB — is sent again, whole — when the first node resets it half-way', async t => {
  const a = await startUpstream(t, resettingAfter(5000))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: await startDigesting(t) }, streams: true })
  const answer = await send(gateway.origin, { method: 'PUT', headers: { ...binary, 'content-length': 10_240 }, body: Readable.from(pieces(10_240)) })
  t.equal(answer.text, digestOf(10_240))
  t.same(gateway.trace, ['a/failed', 'b/200'])
})

test('a chunked PUT — is sent again, whole — when the first node resets it half-way', async t => {
  const [a, b] = [await startUpstream(t, resettingAfter(5000)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, streams: true })
  t.match(await send(gateway.origin, { method: 'PUT', headers: binary, body: Readable.from(pieces(10_240)) }), { status: 200 })
  t.same(b.received[0]?.body, Buffer.concat([...pieces(10_240)]))
  t.same(gateway.trace, ['a/failed', 'b/200'])
})

test('a streamed PUT of 70 KiB — is a 502 after one attempt — when it is reset and only 64 KiB are kept', async t => {
  const [a, b] = [await startUpstream(t, resettingAfter(70_000)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, streams: true })
  const answer = await send(gateway.origin, { method: 'PUT', headers: { ...binary, 'content-length': 71_680 }, body: Readable.from(pieces(71_680)) })
  t.equal(answer.status, 502)
  t.same(gateway.trace, ['a/failed'])
  t.same(b.urls, [])
})

test('a streamed PUT of exactly `replayBytes` — is sent again', async t => {
  const a = await startUpstream(t, resettingAfter(8192))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: await startDigesting(t) }, streams: true, replayBytes: 8192 })
  const answer = await send(gateway.origin, { method: 'PUT', headers: { ...binary, 'content-length': 8192 }, body: Readable.from(pieces(8192)) })
  t.equal(answer.text, digestOf(8192))
})

test('a streamed POST — is not sent again — though its body is kept', async t => {
  const [a, b] = [await startUpstream(t, resettingAfter(5000)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, streams: true })
  t.match(await send(gateway.origin, { method: 'POST', headers: binary, body: Readable.from(pieces(10_240)) }), { status: 502 })
  t.same(b.urls, [])
})

test('a parsed PUT of any size — is sent again — after a reset', async t => {
  const [a, b] = [await startUpstream(t, resettingAfter(5000)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  const text = 'x'.repeat(200_000)
  t.match(await send(gateway.origin, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }), { status: 200 })
  t.equal(b.received[0]?.body.toString(), JSON.stringify({ text }))
})

test('a 503 that comes while the body is still sent — is relayed to the client, and the connection closed', async t => {
  const a = await startUpstream(t, { received: ({ socket, bytes }) => { if (bytes < 70_000) socket.write('HTTP/1.1 413 Too Large\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nbig') } })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, streams: true })
  const request = openRequest(gateway.origin, { method: 'PUT', headers: binary })
  request.on('error', () => {})
  request.write('begin')
  const answer = await within(2000, 'answer', headOf(request).then(answerOf))
  t.match(answer, { status: 413, text: 'big', headers: { connection: 'close' } })
  await until('0 in flight', () => gateway.inFlight() === 0)
  request.destroy()
})

test('a 503 that comes while the body is still sent — goes to the next node with the whole body', async t => {
  const a = await startUpstream(t, { received: ({ socket }) => { socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy') } })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: await startDigesting(t) }, streams: true })
  const request = openRequest(gateway.origin, { method: 'PUT', headers: { ...binary, 'content-length': 10_240 } })
  const [begin, end] = [Buffer.concat([...pieces(10_240)]).subarray(0, 3000), Buffer.concat([...pieces(10_240)]).subarray(3000)]
  const answer = headOf(request).then(answerOf)
  request.write(begin)
  await until('the 503', () => gateway.trace[0] === 'a/503')
  request.end(end)
  t.equal((await within(2000, 'answer', answer)).text, digestOf(10_240))
  t.same(gateway.trace, ['a/503', 'b/200'])
})

test('an upload — waits for the node — when the node reads slowly', async t => {
  const a = await startUpstream(t, { connected: ({ socket }) => { socket.pause() } })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, streams: true })
  let produced = 0
  const source = Readable.from((function * () {
    for (const piece of pieces(60 * mebibyte)) {
      produced += piece.length
      yield piece
    }
  })())
  const request = openRequest(gateway.origin, { method: 'POST', headers: { ...binary, 'content-length': 60 * mebibyte } })
  request.on('error', () => {})
  source.pipe(request)
  let last = -1
  await until('standstill', () => {
    const stands = produced > 0 && produced === last && request.writableNeedDrain
    last = produced
    return stands
  })
  await new Promise(resolve => setTimeout(resolve, 200))
  t.ok(produced < 30 * mebibyte, `${Math.round(produced / mebibyte)} MiB went into the buffers of two connections`)
  request.destroy()
  await a.close()
})

test('a client that uploads to a service that is down — reads the 502', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t) }, streams: true })
  const answer = await send(gateway.origin, { method: 'POST', headers: { ...binary, 'content-length': 200_000 }, body: Readable.from(pieces(200_000)) })
  t.match(answer, { status: 502, headers: { connection: 'close' } })
})

test('a body that cannot be unpacked — is a 400 before a node and a 503 before none, and the gateway serves on', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    streams: true,
    before: app => { app.addHook('preParsing', (_request, _reply, payload, done) => { done(null, payload.pipe(createGunzip())) }) },
    routes: app => { app.post('/:service', (request, reply) => reply.balance((request.params as { service: string }).service)) }
  })
  const rubbish = { method: 'POST', headers: { ...binary, 'content-encoding': 'gzip' }, body: 'rubbish!' }
  t.match(await send(`${gateway.origin}/things`, rubbish), { status: 400 })
  t.match(await send(`${gateway.origin}/others`, rubbish), { status: 503 })
  t.match(await send(`${gateway.origin}/things`, rubbish), { status: 400 }, 'again')
})

test('a body that was not read yet — arrives whole — when an onRequest hook balances', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.addHook('onRequest', async (_request, reply) => reply.balance('things')) } })
  t.match(await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }), { status: 200 })
  t.equal(worker.received[0]?.body.toString(), '{"a":1}')
})

test('an upload without a body — is sent without one', async t => {
  const worker = await startWorker(t, answering(200))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, streams: true })
  t.match(await send(gateway.origin, { method: 'POST', headers: { ...binary, 'content-length': 0 } }), { status: 200 })
  t.match(worker.received, [{ headers: { 'content-length': '0' }, body: Buffer.alloc(0) }])
})
