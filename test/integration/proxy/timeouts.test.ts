import { test } from 'tap'
import { openConnection, send, textOf } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, silentOrigin, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'

async function timed<T> (task: () => Promise<T>): Promise<[result: T, ms: number]> {
  const begunAt = performance.now()
  return [await task(), performance.now() - begunAt]
}

test('the deadline — ends the request when it is over, not after it times the attempts — when all nodes are slow', async t => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => startUpstream(t, hanging)))
  const gateway = await gatewayWith(t, { nodes: { a: a?.origin ?? '', b: b?.origin ?? '', c: c?.origin ?? '' }, attemptTimeoutMs: 400, timeoutMs: 600 })
  const [answer, ms] = await timed(() => send(gateway.origin))
  t.equal(answer.status, 504)
  t.equal(answer.json().code, 'FST_BALANCE_TIMEOUT')
  t.ok(ms >= 599 && ms < 1150, `${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/failed', 'b/aborted'], 'the second node had no fair chance, so it counts nothing against it')
})

test('the deadline — ends the connecting too', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await silentOrigin(t) }, timeoutMs: 100 })
  const [answer, ms] = await timed(() => send(gateway.origin))
  t.equal(answer.status, 504)
  t.ok(ms >= 99 && ms < 900, `${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/aborted'])
})

test('the time of an attempt — includes the connecting', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await silentOrigin(t) }, attemptTimeoutMs: 100 })
  const [answer, ms] = await timed(() => send(gateway.origin))
  t.equal(answer.status, 502)
  t.ok(ms >= 99 && ms < 900, `${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/unreached'])
})

test('the time to connect — goes to the next node for any method — and the node that was not reached gets nothing later', async t => {
  const worker = await startWorker(t, answering(200))
  const gateway = await gatewayWith(t, { nodes: { a: await silentOrigin(t), b: worker.origin }, connectTimeoutMs: 100 })
  const [answer, ms] = await timed(() => send(gateway.origin, { method: 'POST', body: 'once', headers: { 'content-type': 'text/plain' } }))
  t.equal(answer.status, 200)
  t.ok(ms >= 99 && ms < 900, `${Math.round(ms)} ms`)
  t.same(worker.received.map(({ body }) => body.toString()), ['once'])
})

test('the time of an attempt — ends with the response head: a slow body may take longer', async t => {
  const worker = await startWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('begin ')
    setTimeout(() => response.end('end'), 250)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, attemptTimeoutMs: 100, timeoutMs: 150 })
  t.match(await send(gateway.origin), { status: 200, text: 'begin end', isBroken: false })
})

test('a node that was too slow — is cut off — and its late answer is not mistaken for another', async t => {
  const slow = await startUpstream(t, {
    received: ({ socket }) => { setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nlate'), 150) }
  })
  const worker = await startWorker(t, answering(200, 'in time'))
  const gateway = await gatewayWith(t, { nodes: { a: slow.origin, b: worker.origin }, attemptTimeoutMs: 60 })
  t.match(await send(gateway.origin), { text: 'in time' })
  await new Promise(resolve => setTimeout(resolve, 150))
  t.equal(slow.connections[0]?.socket.destroyed, true)
  t.same(gateway.trace, ['a/failed', 'b/200'])
})

test('`timeout` of a call — takes the place of the time of an attempt', async t => {
  const slow = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, {
    nodes: { a: slow.origin },
    routes: app => { app.get('/', (_request, reply) => reply.balance('things', { timeout: 80 })) }
  })
  const [answer, ms] = await timed(() => send(gateway.origin))
  t.equal(answer.status, 504)
  t.ok(ms >= 79 && ms < 900, `${Math.round(ms)} ms`)
})

test('`timeout: 0` of a call — waits as long as the request may take', async t => {
  const worker = await startWorker(t, (_request, response) => { setTimeout(() => response.end('late'), 120) })
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    attemptTimeoutMs: 50,
    routes: app => { app.get('/', (_request, reply) => reply.balance('things', { timeout: 0 })) }
  })
  t.match(await send(gateway.origin), { status: 200, text: 'late' })
})

test('`timeout` of a call — ends a body that stands still', async t => {
  const a = await startUpstream(t, { received: ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin') } })
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    routes: app => { app.get('/', (_request, reply) => reply.balance('things', { timeout: 100 })) }
  })
  t.match(await send(gateway.origin), { status: 200, isBroken: true, text: 'begin' })
  t.same(gateway.trace, ['a/failed'])
})

test('a request that is pipelined behind a slow one — is answered in its turn', async t => {
  const worker = await startWorker(t, (request, response) => {
    const delayMs = request.url === '/slow' ? 60 : 0
    setTimeout(() => response.writeHead(200, { 'content-type': 'text/plain' }).end(request.url), delayMs)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /fast HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  t.match(await textOf(socket), /\/slow[^]*\/fast$/)
})
