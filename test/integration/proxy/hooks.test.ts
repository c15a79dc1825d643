import { once } from 'node:events'
import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { resettingAfterReading, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import type { CallOptions, StrategyFactory } from '../../../types/index.js'
import type { GatewayFixture } from '../../support/gateway.js'
import type { Worker } from '../../support/worker.js'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** A gateway whose route /fine just balances, and whose route / does what the test says. */
async function handling (t: Test, handler: Handler): Promise<{ gateway: GatewayFixture, worker: Worker }> {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/fine', (_request, reply) => reply.balance('things'))
      app.all('/', (request, reply) => handler(request, reply))
    }
  })
  return { gateway, worker }
}

const broken: ReadonlyArray<{ name: string, call: unknown, message: string }> = [
  { name: '`rewriteHeaders` gives nothing', call: { rewriteHeaders: () => undefined }, message: "'rewriteHeaders' of reply.balance() must return the headers, got undefined" },
  { name: '`rewriteHeaders` is async', call: { rewriteHeaders: async (headers: object) => headers }, message: "'rewriteHeaders' of reply.balance() must return the headers, got a promise" },
  { name: '`rewriteRequestHeaders` gives nothing', call: { rewriteRequestHeaders: () => undefined }, message: "'rewriteRequestHeaders' of reply.balance() must return the headers, got undefined" },
  { name: 'an option of the call is wrong', call: { onError: 'x' }, message: "option 'reply.balance().onError' must be a function, got 'x'" }
]

for (const { name, call, message } of broken) {
  test(`a call — of which ${name} — is a 500 that says so, and the gateway serves on`, async t => {
    const { gateway } = await handling(t, (_request, reply) => reply.balance('things', call as CallOptions))
    const { status, body } = await send(gateway.origin)
    t.equal(status, 500)
    t.match(JSON.parse(body.toString()), { code: 'FST_BALANCE_OPTION', message })
    t.match(await send(`${gateway.origin}/fine`), { status: 200 })
  })
}

const failing: ReadonlyArray<{ name: string, hook: () => void | Promise<void> }> = [
  { name: 'throws', hook: () => { throw new Error('of the hook') } },
  { name: 'rejects', hook: async () => { throw new Error('of the hook') } }
]

for (const { name, hook } of failing) {
  test(`\`onError\` — that ${name} — is a 500, and the gateway serves on`, async t => {
    const a = await startUpstream(t, resettingAfterReading)
    const gateway = await gatewayWith(t, { nodes: { a: a.origin }, routes: app => { app.all('/', (_request, reply) => reply.balance('things', { onError: hook })) } })
    for (let count = 0; count < 2; count++) t.match(JSON.parse((await send(gateway.origin)).body.toString()), { statusCode: 500, message: 'of the hook' })
  })

  test(`\`onResponse\` — that ${name} — is a 500, and the gateway serves on`, async t => {
    const { gateway } = await handling(t, (_request, reply) => reply.balance('things', { onResponse: hook }))
    t.match(JSON.parse((await send(gateway.origin)).body.toString()), { statusCode: 500, message: 'of the hook' })
    t.match(await send(`${gateway.origin}/fine`), { status: 200 })
  })

  test(`\`onResponse\` — that ${name} — is an error as others are for \`onError\``, async t => {
    const { gateway } = await handling(t, (_request, reply) => reply.balance('things', { onResponse: hook, onError: (reply, { error }) => { reply.code(418).send(error.message) } }))
    t.match(await send(gateway.origin), { status: 418, body: Buffer.from('of the hook') })
  })
}

test('`onResponse` — that replies without reading the response — holds the node no longer', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(2_000_000)))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.get('/', (_request, reply) => reply.balance('things', { onResponse: (_request, reply) => { reply.send('mine') } })) } })
  t.match(await send(gateway.origin), { status: 200, text: 'mine' })
  await until('nothing in flight', () => gateway.inFlight() === 0)
})

test('`onResponse` — may read the response when it has replied', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(2_000_000)))
  let bytes = 0
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => reply.balance('things', {
        onResponse: async (_request, reply, { stream }) => {
          reply.code(202).send()
          for await (const chunk of stream) bytes += chunk.length
        }
      }))
    }
  })
  t.match(await send(gateway.origin), { status: 202 })
  await until('all of it', () => bytes === 2_000_000)
})

test('an async `onError` — that rejects when it has replied — changes nothing', async t => {
  const a = await startUpstream(t, resettingAfterReading)
  const call: CallOptions = {
    onError: async reply => {
      reply.code(418).send('sorry')
      throw new Error('late')
    }
  }
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, routes: app => { app.all('/', (_request, reply) => reply.balance('things', call)) } })
  for (let count = 0; count < 2; count++) t.match(await send(gateway.origin), { status: 418, body: Buffer.from('sorry') })
  t.match(gateway.log.filter(({ level }) => level === 50), [{ err: { message: 'late' }, service: 'things', msg: 'onError failed when the reply was sent' }, {}])
})

test('an async `onResponse` — that rejects when it has replied — is told in the log, and holds the node no longer', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(2_000_000)))
  const call: CallOptions = {
    onResponse: async (_request, reply, { stream }) => {
      reply.send('mine')
      await once(stream, 'readable')
      throw new Error('late')
    }
  }
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.get('/', (_request, reply) => reply.balance('things', call)) } })
  t.match(await send(gateway.origin), { status: 200, text: 'mine' })
  await until('the line', () => gateway.log.some(({ msg }) => msg === 'onResponse failed when the reply was sent'))
  await until('nothing in flight', () => gateway.inFlight() === 0)
})

test('a strategy that is none — is refused when the plugin is registered', async t => {
  await t.rejects(gatewayWith(t, { strategy: (() => null) as unknown as StrategyFactory }), { code: 'FST_BALANCE_OPTION', message: /^the strategy of service 'things' must be a function that gives/ })
})

test('`onError` — may ask another service', async t => {
  const [a, other] = [await startUpstream(t, resettingAfterReading), await startWorker(t)]
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin },
    gateway: { services: { others: { nodes: [other.origin], strategy: 'random' } } },
    routes: app => { app.all('/', (_request, reply) => reply.balance('things', { onError: reply => { reply.balance('others') } })) }
  })
  t.match(await send(gateway.origin), { status: 200 })
  t.equal(other.received.length, 1)
})

test('reply.balance() — that is not returned from an async handler — is told in the log', async t => {
  const { gateway } = await handling(t, async (_request, reply) => { reply.balance('things') })
  t.match(await send(gateway.origin), { status: 200, body: Buffer.alloc(0) })
  t.match(gateway.log.filter(({ level }) => level === 40), [{ service: 'things', msg: 'the reply was sent before a node had answered: reply.balance() must be returned' }])
})

test('reply.balance() — a second time while the first one waits — is an error', async t => {
  const { gateway } = await handling(t, (_request, reply) => {
    reply.balance('things')
    return reply.balance('things')
  })
  t.match(JSON.parse((await send(gateway.origin)).body.toString()), { statusCode: 500, code: 'FST_BALANCE_OPTION', message: /was called before/ })
})

test('reply.balance() — may be called again when it has thrown', async t => {
  const { gateway, worker } = await handling(t, (_request, reply) => {
    t.throws(() => reply.balance('things', { rewriteRequestHeaders: () => { throw new Error('of the hook') } }), { message: 'of the hook' })
    return reply.balance('things')
  })
  t.match(await send(gateway.origin), { status: 200 })
  t.equal(worker.received.length, 1)
})

test('reply.balance() — with something else than a name — says what it needs', async t => {
  const { gateway } = await handling(t, (_request, reply) => reply.balance({ service: 'things' } as unknown as string))
  t.match(JSON.parse((await send(gateway.origin)).body.toString()), { statusCode: 500, code: 'FST_BALANCE_OPTION', message: /needs the name of a service/ })
})

test('`path` — that is empty, as what is left of a prefix may be — is the root', async t => {
  const { gateway, worker } = await handling(t, (_request, reply) => reply.balance('things', { path: '' }))
  await send(`${gateway.origin}/?x=1`)
  t.same(worker.urls, ['/?x=1'])
})

test('`method` — in small letters — is sent in capitals', async t => {
  const { gateway, worker } = await handling(t, (_request, reply) => reply.balance('things', { method: 'delete' }))
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 200 })
  t.match(worker.received, [{ method: 'DELETE' }])
})
