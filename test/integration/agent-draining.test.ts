import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import underPressure from '@fastify/under-pressure'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import agent from '../../lib/agent.js'
import type { AgentOptions } from '../../types/agent.js'
import { twoAddresses } from '../support/two-addresses.js'
import { accepted, fakeGateway } from '../unit/agent/fake-gateway.js'

type Test = { teardown (task: () => unknown): void }

/** A worker whose `/slow` answers when it is released. */
async function workerWith (t: Test, options: Partial<AgentOptions>, server: FastifyServerOptions = {}) {
  const app = Fastify({ forceCloseConnections: true, ...server })
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', gateways: [], intervalMs: 50, ...options })
  const release: Array<() => void> = []
  app.get('/', async () => 'ok')
  app.get('/slow', () => new Promise(resolve => release.push(() => resolve('done'))))
  app.post('/failing', async (_request, reply) => reply.code(503).send({ message: 'half done' }))
  app.post('/refusing', { onRequest: async (_request, reply) => reply.code(503).send({ message: 'not now' }) }, async () => 'ok')
  return { app, release }
}

interface Answer { statusCode: number | undefined, headers: IncomingHttpHeaders }

function ask (app: FastifyInstance, path: string, { method = 'GET', connection, host = '127.0.0.1' }: { method?: string, connection?: http.Agent, host?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port: (app.server.address() as AddressInfo).port, path, method, ...connection && { agent: connection } }, response => {
      response.resume().once('end', () => resolve({ statusCode: response.statusCode, headers: response.headers }))
    })
    request.once('error', reject).end()
  })
}

t.test('drain() tells the gateways, keeps serving, and waits for the running requests', async t => {
  const gateway = await fakeGateway(t)
  const { app, release } = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const slow = ask(app, '/slow')
  await gateway.seen(({ body }) => body.load?.inFlight === 1)
  let isDrained = false
  const draining = app.agent.drain().then(() => { isDrained = true })
  await gateway.seen(({ body }) => body.state === 'draining')
  t.equal(app.agent.state, 'draining')
  t.equal((await ask(app, '/')).statusCode, 200)
  // Beats go on: the gateway keeps the lease for as long as requests run.
  await gateway.seen(({ body }, index) => body.state === 'draining' && index > 6)
  t.notOk(isDrained)
  release[0]?.()
  await draining
  t.equal((await slow).statusCode, 200)
})

t.test('drain() called twice is one drain', async t => {
  const { app } = await workerWith(t, { gateways: ['http://127.0.0.1:1'] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const drained = app.agent.drain()
  t.equal(app.agent.drain(), drained)
  await drained
})

t.test('drain() waits no longer than drainMs', async t => {
  const gateway = await fakeGateway(t)
  const { app } = await workerWith(t, { gateways: [gateway.url], drainMs: 50 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  ask(app, '/slow').catch(() => {})
  await gateway.seen(({ body }) => body.load?.inFlight === 1)
  await app.agent.drain()
  t.equal(app.agent.state, 'draining')
})

t.test('drain() does not wait for a gateway that hangs for more than two seconds', async t => {
  const gateway = await fakeGateway(t, { answer: () => 'hang' })
  const { app } = await workerWith(t, { gateways: [gateway.url], intervalMs: 60_000 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const startedAt = Date.now()
  await app.agent.drain()
  t.ok(Date.now() - startedAt < 5000, `drained after ${Date.now() - startedAt} ms`)
})

t.test('drain() does not wait for a gateway where nobody listens, the only one or one of two', async t => {
  const gone = await fakeGateway(t)
  await gone.close()
  const gateway = await fakeGateway(t)
  for (const gateways of [[gone.url], [gone.url, gateway.url]]) {
    const { app } = await workerWith(t, { gateways })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const startedAt = Date.now()
    await app.agent.drain()
    t.ok(Date.now() - startedAt < 1000, `drained after ${Date.now() - startedAt} ms`)
  }
  t.equal(gateway.received.at(-1)?.body.state, 'draining')
})

for (const [name, answer] of [['does not answer in time', 'hang'], ['fails', { statusCode: 500 }]] as const) {
  t.test(`drain() insists on a gateway that ${name}`, async t => {
    let misses = 0
    const gateway = await fakeGateway(t, { answer: received => received.body.state === 'draining' && misses++ < 2 ? answer : accepted(received, { intervalMs: 60_000 }) })
    const { app } = await workerWith(t, { gateways: [gateway.url], intervalMs: 250 })
    await app.listen({ host: '127.0.0.1', port: 0 })
    await gateway.seen(() => true)
    await app.agent.drain()
    t.ok(gateway.received.filter(({ body }) => body.state === 'draining').length >= 3)
  })
}

t.test('drain() before listening: the first beat says it', async t => {
  const gateway = await fakeGateway(t)
  const { app } = await workerWith(t, { gateways: [gateway.url] })
  await app.agent.drain()
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.equal((await gateway.seen(() => true)).body.state, 'draining')
})

t.test('after drain() close() announces nothing again but the goodbye', async t => {
  const gateway = await fakeGateway(t)
  const { app } = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await app.agent.drain()
  await app.close()
  t.equal(gateway.received.at(-1)?.body.state, 'left')
  await app.agent.drain()
  t.equal(app.agent.state, 'left')
})

t.test('a process whose port another one has taken over, as in a reload, drains and leaves without a word in its name', async t => {
  const gateway = await fakeGateway(t, { answer: (received, index) => index === 0 ? accepted(received) : { statusCode: 409, body: { incarnation: 2 ** 50 } } })
  const log = new EventEmitter()
  const { app } = await workerWith(t, { gateways: [gateway.url] }, { logger: { level: 'warn', stream: { write: line => log.emit('line', line) } } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await once(log, 'line')
  await app.agent.drain()
  await app.close()
  t.same(gateway.received.map(({ body }) => body.state), ['up', 'up', 'draining', 'left'])
  t.equal(new Set(gateway.received.map(({ body }) => body.incarnation)).size, 1)
})

t.test('while it drains, a 503 that no handler has made says that the request was not processed', async t => {
  const { app } = await workerWith(t, { gateways: ['http://127.0.0.1:1'] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.notOk((await ask(app, '/refusing', { method: 'POST' })).headers['x-balance-draining'], 'not while it serves')
  await app.agent.drain()
  t.match(await ask(app, '/refusing', { method: 'POST' }), { statusCode: 503, headers: { 'x-balance-draining': '1' } })
  t.notOk((await ask(app, '/failing', { method: 'POST' })).headers['x-balance-draining'], 'a handler may have done half of the work')
  t.notOk((await ask(app, '/')).headers['x-balance-draining'])
})

t.test('the refusal of under-pressure is marked too, also where it was registered first', async t => {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(underPressure, { maxRssBytes: 1, sampleInterval: 10 })
  await app.register(agent, { service: 'orders', gateways: ['http://127.0.0.1:1'] })
  app.post('/', async () => 'ok')
  await app.listen({ host: '127.0.0.1', port: 0 })
  await app.agent.drain()
  while (!app.isUnderPressure()) await new Promise(resolve => setTimeout(resolve, 5))
  t.match(await ask(app, '/', { method: 'POST' }), { statusCode: 503, headers: { 'x-balance-draining': '1' } })
})

/** Asks on a connection that was open before the app began to close, while the goodbye holds the server open. */
async function askWhileClosing (t: Test, app: FastifyInstance, paths: string[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const path of paths) {
    const connection = new http.Agent({ keepAlive: true })
    t.teardown(() => connection.destroy())
    answers.push(await ask(app, path, { method: 'POST', connection }))
  }
  return answers
}

t.test("a closing app's own 503 is marked: the announcement comes before the server stops to listen", async t => {
  const gateway = await fakeGateway(t, { answer: ({ body }) => body.state === 'up' ? {} : 'hang' })
  const { app } = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const closing = app.close()
  await gateway.seen(({ body }) => body.state === 'draining')
  t.match(await askWhileClosing(t, app, ['/failing']), [{ statusCode: 503, headers: { 'x-balance-draining': '1' } }])
  await closing
  t.same(gateway.received.slice(-2).map(({ body }) => body.state), ['draining', 'left'])
})

t.test('a closing app that listens on localhost marks its 503 on every address', async t => {
  const [, second] = twoAddresses(t)
  const gateway = await fakeGateway(t, { answer: ({ body }) => body.state === 'up' ? {} : 'hang' })
  const { app } = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: 'localhost', port: 0 })
  const closing = app.close()
  await gateway.seen(({ body }) => body.state === 'draining')
  t.match(await ask(app, '/', { method: 'POST', host: second }), { statusCode: 503, headers: { 'x-balance-draining': '1' } })
  await closing
})

t.test('an app that goes on serving while it closes (return503OnClosing: false) marks only what no handler has seen', async t => {
  const gateway = await fakeGateway(t, { answer: ({ body }) => body.state === 'up' ? {} : 'hang' })
  const { app } = await workerWith(t, { gateways: [gateway.url] }, { return503OnClosing: false })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const closing = app.close()
  await gateway.seen(({ body }) => body.state === 'draining')
  const [failing, refusing] = await askWhileClosing(t, app, ['/failing', '/refusing'])
  t.equal(failing?.statusCode, 503)
  t.notOk(failing?.headers['x-balance-draining'])
  t.match(refusing, { statusCode: 503, headers: { 'x-balance-draining': '1' } })
  await closing
})
