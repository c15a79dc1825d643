import { once } from 'node:events'
import { connect } from 'node:http2'
import Fastify from 'fastify'
import httpProxy from '@fastify/http-proxy'
import replyFrom from '@fastify/reply-from'
import underPressure from '@fastify/under-pressure'
import { test } from 'tap'
import balance from '../../../index.js'
import { send, until, within } from '../../support/client.js'
import { gatewayWith, watchProcess } from '../../support/gateway.js'
import { hanging, refusingOrigin, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { ClientHttp2Stream } from 'node:http2'
import type { Test } from 'tap'

const plain = { heartbeat: false, operations: false } as const

test('an app that has no reply.from — gets none', async t => {
  const gateway = await gatewayWith(t, {})
  t.equal(gateway.app.hasReplyDecorator('from'), false)
  t.equal(gateway.app.hasReplyDecorator('balance'), true)
})

for (const order of ['before', 'after'] as const) {
  test(`an app's own @fastify/reply-from — stays its own — when it is registered ${order} us in the same scope`, async t => {
    const [own, ours] = [await startWorker(t, answering(200, 'own')), await startWorker(t, answering(200, 'ours'))]
    const register = async (app: Parameters<NonNullable<Parameters<typeof gatewayWith>[1]['before']>>[0]): Promise<void> => { await app.register(replyFrom, { base: own.origin }) }
    const gateway = await gatewayWith(t, {
      nodes: { a: ours.origin },
      ...order === 'before' ? { before: register } : {},
      routes: async app => {
        await { before: async () => {}, after: register }[order](app)
        app.get('/own', (_request, reply) => reply.from('/own'))
        app.get('/ours', (_request, reply) => reply.balance('things'))
      }
    })
    t.equal((await send(`${gateway.origin}/own`)).text, 'own')
    t.equal((await send(`${gateway.origin}/ours`)).text, 'ours')
    t.same([own.urls, ours.urls], [['/own'], ['/ours']])
  })

  test(`@fastify/http-proxy — goes on beside us — when it is registered ${order} us`, async t => {
    const [own, ours] = [await startWorker(t, answering(200, 'own')), await startWorker(t, answering(200, 'ours'))]
    const register = async (app: Parameters<NonNullable<Parameters<typeof gatewayWith>[1]['before']>>[0]): Promise<void> => { await app.register(httpProxy, { upstream: own.origin, prefix: '/own' }) }
    const gateway = await gatewayWith(t, {
      nodes: { a: ours.origin },
      ...order === 'before' ? { before: register } : {},
      routes: async app => {
        await { before: async () => {}, after: register }[order](app)
        app.get('/ours', (_request, reply) => reply.balance('things'))
      }
    })
    t.equal((await send(`${gateway.origin}/own/x`)).text, 'own')
    t.equal((await send(`${gateway.origin}/ours`)).text, 'ours')
  })

  test(`an app's own @fastify/under-pressure — stays its own — when it is registered ${order} us`, async t => {
    const worker = await startWorker(t, answering(200, 'fine'))
    const register = async (app: Parameters<NonNullable<Parameters<typeof gatewayWith>[1]['before']>>[0]): Promise<void> => { await app.register(underPressure, { exposeStatusRoute: '/pressure' }) }
    const gateway = await gatewayWith(t, {
      nodes: { a: worker.origin },
      gateway: { pressure: {} },
      ...order === 'before' ? { before: register } : {},
      routes: async app => {
        await { before: async () => {}, after: register }[order](app)
        app.get('/ours', (_request, reply) => reply.balance('things'))
      }
    })
    t.equal((await send(`${gateway.origin}/pressure`)).json().status, 'ok')
    t.equal((await send(`${gateway.origin}/ours`)).text, 'fine')
    t.equal(typeof gateway.app.memoryUsage().heapUsed, 'number')
  })
}

test('registering twice — is refused — in the same scope, in a child, and in a sibling', async t => {
  watchProcess(t)
  const refused = { code: 'FST_BALANCE_REGISTERED', message: /register it once/ }
  const same = Fastify()
  t.teardown(() => same.close())
  await same.register(balance, plain)
  await t.rejects(async () => { await same.register(balance, plain) }, refused)

  const child = Fastify()
  t.teardown(() => child.close())
  await child.register(balance, plain)
  child.register(async inner => { await inner.register(balance, plain) })
  await t.rejects(async () => { await child.ready() }, refused)

  const siblings = Fastify()
  t.teardown(() => siblings.close())
  siblings.register(async inner => { await inner.register(balance, plain) })
  siblings.register(async inner => { await inner.register(balance, plain) })
  await t.rejects(async () => { await siblings.ready() }, refused)
})

test('two apps of one process — each have their gateway', async t => {
  const worker = await startWorker(t, answering(200))
  const [one, two] = [await gatewayWith(t, { nodes: { a: worker.origin } }), await gatewayWith(t, { nodes: { b: worker.origin } })]
  await send(one.origin)
  await send(two.origin)
  t.same([one.trace, two.trace], [['a/200'], ['b/200']])
})

test('a gateway in an encapsulated scope — serves that scope alone', async t => {
  watchProcess(t)
  const worker = await startWorker(t, answering(200, 'fine'))
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(async inner => {
    await inner.register(balance, { ...plain, services: { things: { nodes: [worker.origin] } } })
    inner.get('/inner', (_request, reply) => reply.balance('things'))
  })
  await app.ready()
  t.equal((await app.inject('/inner')).body, 'fine')
  t.equal(app.hasReplyDecorator('balance'), false)
})

/** One request on an HTTP/2 connection without TLS. */
async function overHttp2 (t: Test, origin: string, headers: Record<string, string>, body?: string): Promise<{ stream: ClientHttp2Stream, headers: Record<string, unknown>, text: () => Promise<string> }> {
  const session = connect(origin)
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  const stream = session.request(headers)
  stream.on('error', () => {})
  stream.end(body)
  const [head] = await within(2000, 'head', once(stream, 'response'))
  return {
    stream,
    headers: head,
    async text () {
      let text = ''
      for await (const chunk of stream) text += chunk
      return text
    }
  }
}

test('an HTTP/2 front — balances over HTTP/1 nodes, with failover', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: worker.origin }, server: { http2: true } as object })
  const { headers, text } = await overHttp2(t, gateway.origin, { ':path': '/p?q=1', ':method': 'POST', 'content-type': 'application/json', 'x-a': '1' }, '{"a":1}')
  t.match(headers, { ':status': 200, connection: undefined, 'keep-alive': undefined })
  t.match(JSON.parse(await text()), { method: 'POST', url: '/p?q=1', headers: { 'x-a': '1', 'x-forwarded-proto': 'http', 'x-forwarded-host': new URL(gateway.origin).host }, body: '{"a":1}' })
})

test('an HTTP/2 front — sends on bodies without a type, and JSON that is false', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, server: { http2: true } as object })
  for (const [headers, body] of [[{}, 'untyped'], [{ 'content-type': 'application/json' }, 'false']] as const) {
    const { text } = await overHttp2(t, gateway.origin, { ':path': '/', ':method': 'POST', ...headers }, body)
    t.equal(JSON.parse(await text()).body, body)
  }
})

test('an HTTP/2 front — answers with the error — when no node is reached', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t) }, server: { http2: true } as object })
  const { headers, text } = await overHttp2(t, gateway.origin, { ':path': '/' })
  t.match(headers, { ':status': 502, connection: undefined })
  t.equal(JSON.parse(await text()).code, 'FST_BALANCE_UPSTREAM')
})

test('an HTTP/2 client that leaves — before and after the response head — is felt by the node', async t => {
  const [a, b] = [await startUpstream(t, hanging), await startUpstream(t, { received: ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n') } })]
  const gateway = await gatewayWith(t, {
    gateway: { services: { hanging: { nodes: [a.origin] }, streaming: { nodes: [b.origin] } } },
    server: { http2: true } as object,
    routes: app => { app.get('/:service', (request, reply) => reply.balance((request.params as { service: string }).service)) }
  })
  const session = connect(gateway.origin)
  t.teardown(() => session.destroy())
  const early = session.request({ ':path': '/hanging' })
  early.on('error', () => {})
  early.end()
  await until('the request', () => a.heads === 1)
  early.close(8)
  await until("the close of the first node's connection", () => a.connections[0]?.socket.destroyed === true)
  const { stream } = await overHttp2(t, gateway.origin, { ':path': '/streaming' })
  await once(stream, 'data')
  stream.close(8)
  await until("the close of the second node's connection", () => b.connections[0]?.socket.destroyed === true)
  await until('0 in flight', () => gateway.inFlight() === 0)
})
