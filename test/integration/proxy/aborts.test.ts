import { once } from 'node:events'
import { test } from 'tap'
import { headOf, openConnection, openRequest, send, until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, refusingOrigin, resettingAfterReading, silentOrigin, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { ClientRequest } from 'node:http'
import type { Upstream } from '../../support/upstream.js'

/** Leaves, and says how long the node did not know of it. */
async function leave (request: ClientRequest, { connections }: Upstream): Promise<number> {
  const [connection] = connections
  const closed = connection === undefined ? Promise.reject(new Error('no connection')) : once(connection.socket, 'close')
  const leftAt = performance.now()
  request.on('error', () => {})
  request.destroy()
  await within(2000, "the node's end of the connection", closed)
  return performance.now() - leftAt
}

const streaming = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'

test('a client that leaves before the response head — is felt by the node at once, and nothing counts against it', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: a.origin.replace('127.0.0.1', 'localhost') } })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  await until('the request', () => a.heads === 1)
  const ms = await leave(request, a)
  t.ok(ms < 300, `after ${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/aborted'], 'no other node is asked')
})

test('a client that leaves during its upload — is felt by the node at once', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: await refusingOrigin(t) }, streams: true })
  const request = openRequest(gateway.origin, { method: 'PUT', headers: { 'content-type': 'application/octet-stream', 'content-length': 1000 } })
  request.write('begin')
  await until('the request', () => a.heads === 1)
  const ms = await leave(request, a)
  t.ok(ms < 300, `after ${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/aborted'])
})

test('a client that leaves during the download — is felt by the node at once, and the answer counts as it came', async t => {
  const a = await startUpstream(t, { received: ({ socket }) => { socket.write(streaming) } })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  const request = openRequest(gateway.origin)
  request.end()
  const response = await within(2000, 'head', headOf(request))
  response.on('error', () => {})
  await once(response, 'data')
  const ms = await leave(request, a)
  t.ok(ms < 300, `after ${Math.round(ms)} ms`)
  t.same(gateway.trace, ['a/200'])
})

test('a client that leaves while the node is being connected to — leaves nothing behind', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await silentOrigin(t), b: await refusingOrigin(t) }, connectTimeoutMs: 500 })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  await until('the attempt', () => gateway.inFlight() === 1)
  request.destroy()
  await until('0 in flight', () => gateway.inFlight() === 0, 400)
  t.same(gateway.trace, ['a/aborted'])
})

test('a client that leaves in the turn in which the response head comes — settles the attempt by the answer', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(100_000)))

  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => {
        responded = () => reply.raw.destroy()
        return reply.balance('things')
      })
    },
    watch: step => { if (step === 'responded') responded() }
  })
  let responded = (): void => {}
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  await until('the end', () => gateway.outcomes.length === 1)
  t.same(gateway.trace, ['a/200'])
})

for (const step of ['started', 'settled'] as const) {
  test(`a client that leaves in the turn in which a failover is dispatched — when an attempt is ${step} — has no further node asked`, async t => {
    const [a, b] = [await startUpstream(t, resettingAfterReading), await startUpstream(t, hanging)]
    let number = 0
    const gateway = await gatewayWith(t, {
      nodes: { a: a.origin, b: b.origin },
      routes: app => {
        app.get('/', (_request, reply) => {
          close = () => reply.raw.emit('close')
          return reply.balance('things')
        })
      },
      watch: each => { if (each === step && ++number === (step === 'started' ? 2 : 1)) close() }
    })
    let close = (): void => {}
    const request = openRequest(gateway.origin)
    request.on('error', () => {})
    request.end()
    await until('an attempt', () => gateway.trace.length > 0)
    await until('0 in flight', () => gateway.inFlight() === 0)
    request.destroy()
    t.notMatch(gateway.trace.join(), /b\/(200|failed)/)
    await new Promise(resolve => setTimeout(resolve, 50))
    t.ok(b.connections.every(({ socket }) => socket.destroyed), 'nothing stays open')
  })
}

test('a client that leaves before `reply.balance()` is called — sends nothing', async t => {
  const worker = await startWorker(t)
  let entered = (): void => {}
  const inHandler = new Promise<void>(resolve => { entered = resolve })
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', async (_request, reply) => {
        entered()
        await once(reply.raw, 'close')
        return reply.balance('things')
      })
    }
  })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  await inHandler
  request.destroy()
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(gateway.trace, [])
  t.same(worker.urls, [])
})

test('a client that leaves — does not harm the next request', async t => {
  const worker = await startWorker(t, (request, response) => {
    const delayMs = request.url === '/slow' ? 500 : 0
    setTimeout(() => response.end('fine'), delayMs)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const request = openRequest(`${gateway.origin}/slow`)
  request.on('error', () => {})
  request.end()
  await until('the request', () => worker.urls.length === 1)
  request.destroy()
  await until('0 in flight', () => gateway.inFlight() === 0)
  t.match(await send(`${gateway.origin}/fast`), { text: 'fine' })
})

test('a gateway that closes — while requests run — lets them end', async t => {
  const worker = await startWorker(t, (_request, response) => { setTimeout(() => response.end('fine'), 100) })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const answer = send(gateway.origin)
  await until('the request', () => worker.urls.length === 1)
  await gateway.app.close()
  t.match(await answer, { status: 200, text: 'fine' })
})

test('a gateway that closes — while an injected request is between two nodes — connects to nobody any more', async t => {
  const [a, b] = [await startUpstream(t, hanging), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  const answer = gateway.app.inject('/')
  await until('the request', () => a.heads === 1)
  await gateway.app.close()
  t.equal((await within(2000, 'answer', answer)).statusCode, 502)
  t.same(b.urls, [])
})

test('a client that leaves — with requests pipelined behind one that hangs — leaves nothing behind', async t => {
  const worker = await startWorker(t, (request, response) => {
    if (request.url === '/big') response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.alloc(5_000_000))
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  const [get, post] = ['GET /big HTTP/1.1\r\nhost: x\r\n\r\n', 'POST /big HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}']
  socket.write(`GET /hang HTTP/1.1\r\nhost: x\r\n\r\n${get.repeat(8)}${post.repeat(8)}`)
  await until('all requests', () => worker.urls.length === 17)
  await new Promise(resolve => setTimeout(resolve, 100))
  socket.destroy()
  await until('0 in flight', () => gateway.inFlight() === 0)
})

test('a client that has left — while its pipelined request waited in the app — sends nothing', async t => {
  const worker = await startWorker(t, () => {})
  let release = (): void => {}
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/hang', (_request, reply) => reply.balance('things'))
      app.get('/late', async (_request, reply) => {
        await new Promise<void>(resolve => { release = resolve })
        return reply.balance('things')
      })
    }
  })
  const socket = await openConnection(t, gateway.origin)
  socket.write('GET /hang HTTP/1.1\r\nhost: x\r\n\r\nGET /late HTTP/1.1\r\nhost: x\r\n\r\n')
  await until('the first request', () => worker.urls.length === 1)
  socket.destroy()
  await until('0 in flight', () => gateway.inFlight() === 0)
  release()
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(worker.urls, ['/hang'])
  t.same(gateway.trace, ['a/aborted'])
})
