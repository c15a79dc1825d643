import { PassThrough, Transform } from 'node:stream'
import { test } from 'tap'
import { headOf, openRequest, send, until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, resettingAfterReading, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { StrategyFactory } from '../../../types/index.js'

// What the app's own functions do wrong ends one request, and harms nothing else.

const fault = new TypeError('a mistake of the app')

for (const hook of ['rewriteHeaders', 'rewriteRequestHeaders', 'onResponse', 'queryString', 'idempotent', 'filter'] as const) {
  test(`\`${hook}\` throws — the client gets a 500, and the next request is served`, async t => {
    const worker = await startWorker(t, answering(200, 'fine', { etag: '"1"' }))
    const gateway = await gatewayWith(t, {
      nodes: { a: worker.origin },
      routes: app => { app.get('/*', (request, reply) => reply.balance('things', request.url === '/' ? { [hook]: () => { throw fault } } : {})) }
    })
    const answer = await send(gateway.origin)
    t.match(answer, { status: 500, headers: { etag: undefined } })
    t.equal(answer.json().message, fault.message)
    t.match(await send(`${gateway.origin}/next`), { status: 200, text: 'fine' })
  })
}

test('`onError` throws — the client gets a 500', async t => {
  const a = await startUpstream(t, resettingAfterReading)
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    routes: app => { app.get('/:service', (request, reply) => reply.balance((request.params as { service: string }).service, { onError: () => { throw fault } })) }
  })
  for (const service of ['things', 'unknown']) t.equal((await send(`${gateway.origin}/${service}`)).json().message, fault.message, service)
})

test('`onResponse` throws after a 404 — the client does not get the 404', async t => {
  const worker = await startWorker(t, answering(404))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.get('/', (_request, reply) => reply.balance('things', { onResponse: () => { throw fault } })) } })
  t.equal((await send(gateway.origin)).status, 500)
})

test('a hook throws what is no error — the client gets a 500 all the same', async t => {
  const worker = await startWorker(t, answering(200))
  // eslint-disable-next-line no-throw-literal
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.get('/', (_request, reply) => reply.balance('things', { onResponse: () => { throw 'a mistake' } })) } })
  t.match((await send(gateway.origin)).json(), { statusCode: 500, message: 'a mistake' })
})

test('a filter throws when a failover is decided — the client gets a 500', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  let calls = 0
  const filter = (): boolean => {
    if (++calls > 2) throw fault
    return true
  }
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, filter })
  t.equal((await send(gateway.origin)).json().message, fault.message)
  t.same(gateway.trace, ['a/aborted'])
})

for (const step of ['started', 'responded', 'settled'] as const) {
  test(`a strategy throws when an attempt has ${step} — the client gets an answer, and nothing stays in flight`, async t => {
    const worker = await startWorker(t, answering(200, 'fine'))
    const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, watch: each => { if (each === step) throw fault } })
    t.match(await send(gateway.origin), { status: /^[25]00$/ })
    t.equal(gateway.inFlight(), 0)
  })
}

test('a strategy throws when it picks — the client gets a 500, also at a failover', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  let picks = 0
  const strategy: StrategyFactory = () => ({
    pick: candidates => {
      if (++picks !== 2) throw fault
      return candidates[0]
    }
  })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, strategy })
  t.equal((await send(gateway.origin)).json().message, fault.message)
  t.equal((await send(gateway.origin)).json().message, fault.message)
  t.equal(picks, 3)
  t.same(b.urls, [])
})

test('an app that replies itself while the node is asked — has the node left alone', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    routes: app => {
      app.get('/', (_request, reply) => {
        setTimeout(() => reply.code(418).send('enough'), 30)
        return reply.balance('things')
      })
    }
  })
  t.match(await send(gateway.origin), { status: 418, text: 'enough' })
  await until('the end of the attempt', () => gateway.inFlight() === 0)
  t.same(gateway.trace, ['a/aborted'])
})

test("Fastify's `handlerTimeout` — ends the attempt too", async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, server: { handlerTimeout: 50 } })
  t.match(await send(gateway.origin), { status: 503 })
  await until('the end of the attempt', () => gateway.inFlight() === 0)
  t.same(gateway.trace, ['a/aborted'])
})

test('an onSend hook that puts another payload in the place of the response — leaves nothing in flight', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(500_000)))
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.addHook('onSend', async (_request, reply) => {
        reply.removeHeader('transfer-encoding')
        return 'replaced'
      })
      app.get('/', (_request, reply) => reply.balance('things'))
    }
  })
  t.match(await send(gateway.origin), { status: 200, text: 'replaced' })
  await until('0 in flight', () => gateway.inFlight() === 0)
})

test('a body stream that fails while the client waits — is a 400, and no node is to blame', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    streams: true,
    routes: app => {
      app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new Transform({
        transform: (chunk, _encoding, callback) => callback(chunk.includes('bad') ? new Error('incorrect header check') : null, chunk)
      })))
      app.put('/', (_request, reply) => reply.balance('things'))
    }
  })
  const request = openRequest(gateway.origin, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' } })
  const head = headOf(request)
  request.write('good')
  await until('the request', () => a.heads === 1)
  request.end('bad')
  t.equal((await within(2000, 'answer', head)).statusCode, 400)
  t.same(gateway.trace, ['a/aborted'])
})

test('a body stream that the app has read already — is a 400, and not a wait for nothing', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    streams: true,
    routes: app => {
      app.post('/', async (request, reply) => {
        for await (const chunk of request.body as AsyncIterable<Buffer>) chunk.toString()
        return reply.balance('things')
      })
    }
  })
  t.match(await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'bytes' }), { status: 400 })
})

test('headers that cannot be sent — are a 400, and no node is to blame', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.all('/:name', (request, reply) => reply.balance('things', {
        rewriteRequestHeaders: (_request, headers) => ({ ...headers, ...(request.params as { name: string }).name === 'length' ? { 'content-length': '7' } : { 'x-odd': 'a\nb' } })
      }))
    }
  })
  for (const name of ['odd', 'length']) {
    const answer = await send(`${gateway.origin}/${name}`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'body' })
    t.equal(answer.json().code, 'FST_BALANCE_REQUEST', name)
  }
  t.same(gateway.trace, ['a/aborted', 'a/aborted'])
  t.same(worker.urls, [])
})

test('a route that pipes the body elsewhere too — still sends it whole', async t => {
  const worker = await startWorker(t)
  let copied = 0
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    streams: true,
    routes: app => {
      app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough()).on('data', chunk => { copied += chunk.length }).pause())
      app.post('/', (_request, reply) => reply.balance('things'))
    }
  })
  await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'bytes' })
  t.equal(worker.received[0]?.body.toString(), 'bytes')
  t.equal(copied, 5)
})
