import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { breakingOffAfter, hanging, refusingOrigin, resettingAfterReading, resettingWhenReused, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'

const big = 'x'.repeat(40_000)

test('failover — gives the last real answer — when all nodes answer 503', async t => {
  const nodes = await Promise.all(['first', 'second', 'third'].map(text => startWorker(t, answering(503, text))))
  const [a, b, c] = nodes.map(({ origin }) => origin)
  const gateway = await gatewayWith(t, { nodes: { a: a ?? '', b: b ?? '', c: c ?? '' } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 503, text: 'third' })
  t.same(gateway.trace, ['a/503', 'b/503', 'c/503'])
  t.same(nodes.map(node => node.urls.length), [1, 1, 1], 'each node once')
})

test('failover — ends after the attempts that are allowed — though there are more nodes', async t => {
  const nodes = await Promise.all([1, 2, 3].map(() => startWorker(t, answering(503))))
  const [a, b, c] = nodes.map(({ origin }) => origin)
  const gateway = await gatewayWith(t, { nodes: { a: a ?? '', b: b ?? '', c: c ?? '' }, attempts: 2 })
  t.match(await send(gateway.origin), { status: 503 })
  t.same(gateway.trace, ['a/503', 'b/503'])
})

test('failover — attempts: 1 gives the only answer there was', async t => {
  const [a, b] = [await startWorker(t, answering(503, 'first')), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, attempts: 1 })
  t.match(await send(gateway.origin), { status: 503, text: 'first' })
  t.same(b.urls, [])
})

test('failover — nodes that were not reached do not use up the attempts', async t => {
  const [a, b, c, worker] = [await refusingOrigin(t), await refusingOrigin(t), await refusingOrigin(t), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a, b, c, d: worker.origin }, attempts: 1 })
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 200 })
  t.same(gateway.trace, ['a/unreached', 'b/unreached', 'c/unreached', 'd/200'])
})

test('failover — a node limits the request by 429, the next does too — its answer is relayed and the third is spared', async t => {
  const [a, b, c] = [await startWorker(t, answering(429)), await startWorker(t, answering(429, '', { 'retry-after': '7' })), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin, c: c.origin } })
  t.match(await send(gateway.origin), { status: 429, headers: { 'retry-after': '7' } })
  t.same(gateway.trace, ['a/429', 'b/429'])
})

test('failover — after a 429 an ordinary failure still goes to the third node', async t => {
  const [a, b, c] = [await startWorker(t, answering(429)), await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin, c: c.origin } })
  t.match(await send(gateway.origin), { status: 200 })
  t.same(gateway.trace, ['a/429', 'b/failed', 'c/200'])
})

test('failover — the last failure is told — when every node fails in its own way', async t => {
  const [a, b, c] = [await refusingOrigin(t), await startUpstream(t, resettingAfterReading), await startUpstream(t, hanging)]
  const gateway = await gatewayWith(t, { nodes: { a, b: b.origin, c: c.origin }, attemptTimeoutMs: 150 })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 504 })
  t.equal(answer.json().code, 'FST_BALANCE_TIMEOUT')
  t.same(gateway.trace, ['a/unreached', 'b/failed', 'c/failed'])
})

test('failover — a 503 is drained and its connection serves the next request', async t => {
  const [a, b] = [await startWorker(t, answering(503, big)), await startWorker(t, answering(200, 'fine'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  for (let round = 0; round < 3; round++) t.match(await send(gateway.origin), { status: 200, text: 'fine' })
  t.equal(a.urls.length, 3)
  t.equal(a.connections, 1)
})

test('failover — a 503 that never ends is cut off — and the answer of the next node does not wait for it', async t => {
  const endless = await startUpstream(t, {
    received ({ socket }) {
      socket.write(`HTTP/1.1 503 Busy\r\ncontent-length: 99999999\r\n\r\n${big}`)
      socket.on('drain', () => socket.write(big))
      while (socket.write(big));
    }
  })
  const b = await startWorker(t, answering(200, 'fine'))
  const gateway = await gatewayWith(t, { nodes: { a: endless.origin, b: b.origin } })
  t.match(await send(gateway.origin), { status: 200, text: 'fine' })
  await until('the close of the connection', () => endless.connections[0]?.socket.destroyed === true)
  t.same(gateway.trace, ['a/503', 'b/200'])
})

test('failover — a request that may not be sent twice is never sent twice — when it may have been received', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  for (const method of ['POST', 'PATCH']) t.match(await send(`${gateway.origin}/`, { method }), { status: 502 }, method)
  t.equal(a.heads, 2)
  t.same(b.urls, [])
})

test('failover — every method that is idempotent goes to the next node', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']) t.match(await send(`${gateway.origin}/`, { method }), { status: 200 }, method)
  t.equal(a.heads, 6)
})

test('failover — `idempotent` decides for a POST and against a GET', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, idempotent: request => request.headers['idempotency-key'] !== undefined })
  t.match(await send(gateway.origin, { method: 'POST', headers: { 'idempotency-key': 'k' } }), { status: 200 })
  t.match(await send(gateway.origin, { method: 'GET' }), { status: 502 })
  t.same(gateway.trace, ['a/failed', 'b/200', 'a/failed'])
})

test('failover — an Idempotency-Key alone does not make a POST repeatable', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin, { method: 'POST', headers: { 'idempotency-key': 'k' } }), { status: 502 })
  t.same(b.urls, [])
})

test('a reset of a reused connection — does not count against the node, and a GET goes to the next', async t => {
  const [a, b] = [await startUpstream(t, resettingWhenReused), await startWorker(t, answering(200, 'other'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin), { text: 'ok' })
  t.match(await send(gateway.origin), { text: 'other' })
  t.same(gateway.trace, ['a/200', 'a/aborted', 'b/200'])
  t.equal(a.connections.length, 1)
})

test('a reset of a reused connection — goes to the same node again, once, when there is no other', async t => {
  const only = await startUpstream(t, resettingWhenReused)
  const gateway = await gatewayWith(t, { nodes: { only: only.origin } })
  t.match(await send(gateway.origin), { status: 200 })
  t.match(await send(gateway.origin), { status: 200 })
})

test('a reset of a reused connection — is a 502 for a POST, which is not sent again', async t => {
  const [a, b] = [await startUpstream(t, resettingWhenReused), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin), { text: 'ok' })
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 502 })
  t.same(gateway.trace, ['a/200', 'a/aborted'])
  t.equal(a.heads, 2)
})

test('a node that dies within a body — breaks the connection of the client — and no other node is asked', async t => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10240\r\n\r\n'
  const [a, b] = [await startUpstream(t, breakingOffAfter(head + big.slice(0, 1024))), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 200, isBroken: true })
  t.equal(answer.body.length, 1024)
  t.same(gateway.trace, ['a/failed'])
  t.same(b.urls, [])
})

test('a node that dies within a chunked body — breaks the connection of the client', async t => {
  const a = await startUpstream(t, breakingOffAfter('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  t.match(await send(gateway.origin), { status: 200, isBroken: true, text: 'hello' })
  t.same(gateway.trace, ['a/failed'])
})

test('a node that dies after its response head — is a 502 with nothing of its headers — while nothing was sent to the client', async t => {
  const a = await startUpstream(t, breakingOffAfter('HTTP/1.1 200 OK\r\ncontent-type: text/css\r\ncontent-encoding: gzip\r\netag: "1"\r\ncontent-length: 10240\r\n\r\n'))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  const answer = await send(gateway.origin)
  t.equal(answer.status, 502)
  t.equal(answer.json().code, 'FST_BALANCE_UPSTREAM')
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'content-encoding': undefined, etag: undefined })
  t.same(gateway.trace, ['a/failed'])
})
