import { Readable } from 'node:stream'
import { test } from 'tap'
import { openRequest, send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { breakingOffAfter, refusingOrigin, resettingAfterReading, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { Test } from 'tap'
import type { GatewayFixture } from '../../support/gateway.js'
import type { CallOptions } from '../../../types/index.js'
import type { Worker } from '../../support/worker.js'

/** A gateway before one echoing node, whose route calls with these options. */
async function calling (t: Test, call: CallOptions): Promise<{ gateway: GatewayFixture, worker: Worker }> {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.all('/*', (_request, reply) => reply.balance('things', call)) } })
  return { gateway, worker }
}

const json = { 'content-type': 'application/json' }

test('`path` — is asked for instead of the path of the request, whose query stays', async t => {
  const { gateway, worker } = await calling(t, { path: '/v2/things' })
  await send(`${gateway.origin}/things?x=1`)
  t.same(worker.urls, ['/v2/things?x=1'])
})

test('`path` — with a query of its own takes the place of both', async t => {
  const { gateway, worker } = await calling(t, { path: '/v2/things?y=2' })
  await send(`${gateway.origin}/things?x=1`)
  t.same(worker.urls, ['/v2/things?y=2'])
})

test('`queryString` — takes the place of the query, as an object or a function', async t => {
  const object = await calling(t, { queryString: { y: '2', z: ['3', '4'] } })
  await send(`${object.gateway.origin}/?x=1`)
  t.same(object.worker.urls, ['/?y=2&z=3&z=4'])
  const made = await calling(t, { queryString: (search, url) => `was=${encodeURIComponent(url)}` })
  await send(`${made.gateway.origin}/a?x=1`)
  t.same(made.worker.urls, ['/a?was=%2Fa%3Fx%3D1'])
})

test('`method` — is sent instead of the method of the request, and decides whether it may be sent twice', async t => {
  const worker = await startWorker(t)
  const a = await startUpstream(t, resettingAfterReading)
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, b: worker.origin },
    routes: app => { app.all('/:method', (request, reply) => reply.balance('things', { method: (request.params as { method: string }).method })) }
  })
  t.match(await send(`${gateway.origin}/POST`), { status: 502 })
  t.match(await send(`${gateway.origin}/PUT`, { method: 'POST' }), { status: 200 })
  t.match(worker.received, [{ method: 'PUT' }])
})

test('`body` — is sent as JSON instead of the body of the request', async t => {
  const { gateway, worker } = await calling(t, { body: { replaced: true } })
  await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'original' })
  t.match(worker.received, [{ headers: { 'content-type': 'application/json', 'content-length': '17' } }])
  t.equal(worker.received[0]?.body.toString(), '{"replaced":true}')
})

for (const body of [false, 0, ''] as const) {
  test(`\`body\` ${JSON.stringify(body)} — is sent as JSON`, async t => {
    const { gateway, worker } = await calling(t, { body })
    await send(gateway.origin, { method: 'POST', headers: json, body: '{"original":1}' })
    t.equal(worker.received[0]?.body.toString(), JSON.stringify(body))
  })
}

test('`body` null — sends none', async t => {
  const { gateway, worker } = await calling(t, { body: null })
  await send(gateway.origin, { method: 'POST', headers: json, body: '{"original":1}' })
  t.match(worker.received, [{ headers: { 'content-type': undefined, 'content-length': '0' }, body: Buffer.alloc(0) }])
})

test('`contentType` — says what `body` is, which then is sent as it is', async t => {
  const { gateway, worker } = await calling(t, { body: '<a/>', contentType: 'application/xml' })
  await send(gateway.origin, { method: 'POST', headers: json, body: '{"original":1}' })
  t.match(worker.received, [{ headers: { 'content-type': 'application/xml', 'content-length': '4' } }])
  t.equal(worker.received[0]?.body.toString(), '<a/>')
})

test('`body` — is sent again whole — when the first node is reset', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, routes: app => { app.put('/', (_request, reply) => reply.balance('things', { body: { n: 1 } })) } })
  t.match(await send(gateway.origin, { method: 'PUT', headers: json, body: '{}' }), { status: 200 })
  t.equal(b.received[0]?.body.toString(), '{"n":1}')
})

test('`rewriteRequestHeaders` — sees what would be sent, and decides what is', async t => {
  const seen: unknown[] = []
  const { gateway, worker } = await calling(t, {
    rewriteRequestHeaders: (request, headers) => {
      seen.push(request.url, headers['x-forwarded-for'])
      const { 'x-secret': _dropped, ...rest } = headers
      return { ...rest, 'x-added': '1', host: 'other.example', 'x-many': ['1', '2'] as unknown as string }
    }
  })
  await send(`${gateway.origin}/p`, { headers: { 'x-secret': 's', 'x-kept': 'k' } })
  t.same(seen, ['/p', '127.0.0.1'])
  t.match(worker.received, [{ headers: { 'x-added': '1', 'x-kept': 'k', 'x-secret': undefined, host: 'other.example', 'x-many': '1, 2' } }])
})

test('`rewriteHeaders` — decides what the client gets — also when a response came by failover', async t => {
  const [a, b] = [await startWorker(t, answering(503, '', { 'x-from': 'a' })), await startWorker(t, answering(200, '', { 'x-from': 'b', server: 'x' }))]
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, b: b.origin },
    routes: app => { app.get('/', (_request, reply) => reply.balance('things', { rewriteHeaders: ({ server, ...headers }) => ({ ...headers, 'x-was': String(server) }) })) }
  })
  t.match((await send(gateway.origin)).headers, { 'x-from': 'b', 'x-was': 'x', server: undefined })
})

test('`onResponse` — gets the response as a stream, and replies', async t => {
  const worker = await startWorker(t, answering(201, 'hello', { 'x-a': '1' }))
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => reply.balance('things', {
        onResponse: (_request, reply, { statusCode, headers, stream }) => {
          const chunks: string[] = []
          stream.on('data', chunk => chunks.push(String(chunk)))
          stream.on('end', () => { reply.removeHeader('content-length').send(`${statusCode} ${headers['x-a']} ${chunks.join('').toUpperCase()}`) })
        }
      }))
    }
  })
  t.match(await send(gateway.origin), { status: 201, text: '201 1 HELLO' })
})

test('`onResponse` — gets a stream even when there is no body', async t => {
  const worker = await startWorker(t, (_request, response) => { response.writeHead(204).end() })
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => reply.balance('things', {
        onResponse: (_request, reply, { stream }) => { stream.on('end', () => reply.code(200).send('ended')).resume() }
      }))
    }
  })
  t.match(await send(gateway.origin), { status: 200, text: 'ended' })
})

test('`onResponse` — whoever reads the stream learns that it broke off, and nobody else is harmed', async t => {
  const a = await startUpstream(t, breakingOffAfter('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin'))
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    routes: app => {
      app.get('/heard', (_request, reply) => reply.balance('things', {
        onResponse: (_request, reply, { stream }) => { stream.on('error', error => reply.removeHeader('content-length').code(500).send({ code: (error as Error & { code?: string }).code })).resume() }
      }))
      app.get('/unheard', (_request, reply) => reply.balance('things', { onResponse: (_request, reply, { stream }) => { stream.resume() } }))
    }
  })
  t.equal((await send(`${gateway.origin}/heard`)).json().code, 'FST_BALANCE_UPSTREAM')
  const request = openRequest(`${gateway.origin}/unheard`)
  request.on('error', () => {})
  request.end()
  await until('the second failure', () => gateway.trace.length === 2 && gateway.inFlight() === 0)
  request.destroy()
})

test('`onResponse` — the stream ends in an error — when the client leaves', async t => {
  const a = await startUpstream(t, { received: ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin') } })
  const ends: string[] = []
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    routes: app => {
      app.get('/', (_request, reply) => reply.balance('things', {
        onResponse: (_request, _reply, { stream }) => { stream.on('data', () => request.destroy()).on('error', () => {}).on('close', () => ends.push('closed')) }
      }))
    }
  })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  await until('the end of the stream', () => ends.length === 1)
})

test('`onResponse` — may reply at once and read on', async t => {
  const worker = await startWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('begin ')
    setTimeout(() => response.end('end'), 100)
  })
  let read = ''
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => reply.balance('things', {
        onResponse: (_request, reply, { stream }) => {
          stream.on('data', chunk => { read += chunk })
          reply.code(202).send('accepted')
        }
      }))
    }
  })
  t.match(await send(gateway.origin), { status: 202, text: 'accepted' })
  await until('the rest', () => read === 'begin end')
})

test('`onError` — replies instead of the error', async t => {
  const gateway = await gatewayWith(t, {
    nodes: { a: await refusingOrigin(t) },
    routes: app => { app.get('/', (_request, reply) => reply.balance('things', { onError: (reply, { error }) => { reply.code(200).send({ instead: (error as Error & { code?: string }).code }) } })) }
  })
  t.match((await send(gateway.origin)).json(), { instead: 'FST_BALANCE_UPSTREAM' })
})

test('`onError` — may ask another service — and nothing of the first stands on its answer', async t => {
  const worker = await startWorker(t, answering(200, 'fallback'))
  const gateway = await gatewayWith(t, {
    nodes: { a: await refusingOrigin(t) },
    gateway: { services: { spare: { nodes: [worker.origin] }, none: {} } },
    routes: app => { app.get('/:service', (request, reply) => reply.balance((request.params as { service: string }).service, { onError: reply => { reply.balance('spare') } })) }
  })
  for (const service of ['things', 'none', 'unknown']) {
    const answer = await send(`${gateway.origin}/${service}`)
    t.match(answer, { status: 200, text: 'fallback' }, service)
    t.equal(answer.headers['retry-after'], undefined, service)
  }
})

test('a call option that is not known — is refused with its name', async t => {
  const { gateway } = await calling(t, { retries: 3 } as CallOptions)
  t.match((await send(gateway.origin)).json(), { statusCode: 500, code: 'FST_BALANCE_OPTION', message: /retries/ })
})

test('balancing options of a call — hold for this call alone', async t => {
  const worker = await startWorker(t, (_request, response) => { setTimeout(() => response.end('late'), 200) })
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => { app.get('/*', (request, reply) => reply.balance('things', request.url === '/short' ? { attemptTimeoutMs: 50 } : {})) }
  })
  t.match(await send(`${gateway.origin}/short`), { status: 504 })
  t.match(await send(`${gateway.origin}/long`), { status: 200, text: 'late' })
})

test('a body that is a stream — is not replaced by `body`, but left unread', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, streams: true, routes: app => { app.post('/', (_request, reply) => reply.balance('things', { body: { n: 1 } })) } })
  const answer = await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'image/png' }, body: Readable.from([Buffer.alloc(1000)]) })
  t.equal(answer.json().body, '{"n":1}')
})
