import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import underPressure from '@fastify/under-pressure'
import t from 'tap'
import { agent as namedAgent, default as agent } from '../../lib/agent.js'
import { signatureOf } from '../../lib/heartbeat/signature.js'
import type { AgentOptions } from '../../types/agent.js'
import { accepted, fakeGateway } from '../unit/agent/fake-gateway.js'

type Test = { teardown (task: () => unknown): void }

const secret = '0123456789abcdef0123456789abcdef'

async function workerWith (t: Test, options: Partial<AgentOptions>, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true, ...server })
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', gateways: [], intervalMs: 50, ...options })
  app.get('/', async () => 'ok')
  return app
}

const portOf = ({ server }: { server: Server }): number => (server.address() as AddressInfo).port

t.test('the plugin is exported by name and as default', async t => {
  t.equal(agent, namedAgent)
})

t.test('a worker announces itself at once when it listens, and again and again', async t => {
  const gateway = await fakeGateway(t)
  const tags = { canary: 'yes' }
  const app = await workerWith(t, { gateways: [gateway.url], id: 'orders-1', weight: 3, zone: 'a', version: '1.2', tags, intervalMs: 60_000 })
  t.same([app.agent.id, app.agent.state], ['orders-1', 'idle'])
  const startedAt = Date.now()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { body, path } = await gateway.seen(() => true)
  t.equal(path, '/heartbeat')
  t.match(body, { service: 'orders', id: 'orders-1', origin: `http://127.0.0.1:${portOf(app)}`, state: 'up', weight: 3, zone: 'a', version: '1.2', tags, seq: 1 })
  t.ok(Math.abs(Number(body.incarnation) - startedAt) < 60_000)
  t.match(body.load, { eventLoopUtilization: null, heapUsedBytes: Number, rssBytes: Number, inFlight: 0, underPressure: false })
  await gateway.seen((_, index) => index === 3)
  t.same(gateway.received.slice(0, 4).map(({ body: { seq, incarnation } }) => [seq, incarnation]), [1, 2, 3, 4].map(seq => [seq, body.incarnation]))
  t.equal(app.agent.state, 'up')
})

t.test('nothing is sent under inject, nor before the server listens', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url] })
  t.equal((await app.inject('/')).statusCode, 200)
  await app.close()
  t.same(gateway.received, [])
  t.equal(app.agent.state, 'left')
})

t.test('without an id the agent has the one that the gateway gives', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url] })
  t.equal(app.agent.id, null)
  await app.listen({ host: '127.0.0.1', port: 0 })
  await gateway.seen((_, index) => index === 1)
  t.equal(app.agent.id, `127.0.0.1:${portOf(app)}`)
  t.notOk(gateway.received.some(({ body }) => 'id' in body))
})

t.test('a wildcard address is announced by its port, a given origin as it is', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '0.0.0.0', port: 0 })
  t.match((await gateway.seen(() => true)).body, { port: portOf(app), origin: undefined })

  const named = await workerWith(t, { gateways: [gateway.url], origin: 'https://orders.test' })
  await named.listen({ host: '0.0.0.0', port: 0 })
  t.match((await gateway.seen(({ body }) => body.origin !== undefined)).body, { origin: 'https://orders.test', port: undefined })
})

t.test('to a gateway on ::1 a worker on 127.0.0.1 alone announces 127.0.0.1', async t => {
  const gateway = await fakeGateway(t, { host: '::1' })
  const app = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '0.0.0.0', port: 0 })
  const { body, peer } = await gateway.seen(() => true)
  t.equal(peer, '::1')
  t.equal(body.origin, `http://127.0.0.1:${portOf(app)}`)
})

t.test('a worker on a Unix socket says that it has nothing to announce, and serves', async t => {
  const lines: string[] = []
  const app = await workerWith(t, { gateways: ['http://127.0.0.1:1'] }, { logger: { level: 'error', stream: { write: (line: string) => { lines.push(line) } } } })
  const folder = mkdtempSync(join(tmpdir(), 'agent-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  await app.listen({ path: join(folder, 'worker.sock') })
  t.match(lines, [/no heartbeat is sent/])
  t.equal(app.agent.state, 'idle')
})

t.test('a worker that listens on loopback only says what to do when a gateway elsewhere refuses it', async t => {
  const gateway = await fakeGateway(t, { answer: () => ({ statusCode: 403, body: { message: '127.0.0.1 is a loopback address' } }) })
  // Leads to this machine, but does not look it.
  const elsewhere = gateway.url.replace('127.0.0.1', '0.0.0.0')
  const log = new EventEmitter()
  const app = await workerWith(t, { gateways: [elsewhere] }, { logger: { level: 'warn', stream: { write: line => log.emit('line', JSON.parse(line)) } } })
  const [line] = await Promise.all([once(log, 'line'), app.listen({ host: '127.0.0.1', port: 0 })])
  t.match(line, [{ trouble: 'forbidden', detail: '403 127.0.0.1 is a loopback address', cure: /^this app listens on this machine only: listen on '0.0.0.0'/ }])
})

t.test('a worker that speaks TLS announces its origin, also on a wildcard address', async t => {
  const gateway = await fakeGateway(t)
  const app = Fastify({ https: {} })
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', gateways: [gateway.url] })
  await app.listen({ host: '0.0.0.0', port: 0 })
  t.equal((await gateway.seen(() => true)).body.origin, `https://127.0.0.1:${portOf(app)}`)
})

t.test('beats are signed for the path of the gateway', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [`${gateway.url}/hb`], secret })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { headers, text, path } = await gateway.seen(() => true)
  const [time, nonce] = [Number(headers['x-heartbeat-time']), String(headers['x-heartbeat-nonce'])]
  t.equal(path, '/hb')
  t.equal(headers['x-heartbeat-key'], 'default')
  t.equal(headers['x-heartbeat-signature'], signatureOf({ secret, method: 'POST', target: '/hb', time, nonce, body: text }))
})

t.test('the report counts the requests of the whole app, also those whose client leaves, and those of routes that came first', async t => {
  const gateway = await fakeGateway(t)
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(async scope => { scope.get('/slow', () => new Promise(() => {})) })
  await app.register(agent, { service: 'orders', gateways: [gateway.url], intervalMs: 50 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const requests = [1, 2].map(() => http.get({ port: portOf(app), path: '/slow' }).on('error', () => {}))
  await gateway.seen(({ body }) => body.load?.inFlight === 2)
  for (const request of requests) request.destroy()
  await gateway.seen(({ body }) => body.load?.inFlight === 0 && body.seq !== undefined && body.seq > 2)
})

t.test('the report carries what the app says, and what under-pressure says in it', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url], load: () => ({ inFlight: 42 }) })
  await app.register(underPressure, { maxRssBytes: 1, sampleInterval: 10 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.equal((await gateway.seen(({ body }) => body.load?.underPressure === true)).body.load?.inFlight, 42)
})

t.test('an app that has under-pressure already keeps it', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(underPressure)
  await app.register(agent, { service: 'orders', gateways: ['http://127.0.0.1:1'] })
  t.type(app.isUnderPressure, 'function')
  t.equal(app.agent.state, 'idle')
})

t.test('a worker serves while no gateway answers, and is known as soon as one does', async t => {
  const gone = await fakeGateway(t)
  await gone.close()
  const app = await workerWith(t, { gateways: [gone.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.equal(await (await fetch(`http://127.0.0.1:${portOf(app)}/`)).text(), 'ok')
  const back = await fakeGateway(t, { port: Number(new URL(gone.url).port) })
  await back.seen(({ body }) => body.state === 'up')
})

t.test('twice in one app is refused, also in another scope', async t => {
  for (const encapsulated of [false, true]) {
    const app = Fastify()
    t.teardown(() => app.close())
    const options = { service: 'orders', gateways: ['http://127.0.0.1:1'] }
    if (encapsulated) app.register(async scope => { scope.register(agent, options) })
    else app.register(agent, options)
    app.register(agent, options)
    await t.rejects(Promise.resolve(app.ready()), { code: 'FST_BALANCE_REGISTERED', message: /fastify-balance\/agent is registered in this app already/ })
  }
})

t.test('a wrong option is refused at registration', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(agent, { service: 'orders', gateways: [] })
  await t.rejects(Promise.resolve(app.ready()), { code: 'FST_BALANCE_OPTION', message: /option 'gateways'/ })
})

t.test('goodbye: the last message says left, and the connection is closed', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await gateway.seen(() => true)
  await app.close()
  const states = gateway.received.map(({ body }) => body.state)
  t.same(states.slice(-2), ['draining', 'left'])
  t.equal(app.agent.state, 'left')
  while (gateway.sockets() > 0) await turn()
})

t.test('goodbye does not wait for a gateway that hangs, and tells the others', async t => {
  const hanging = await fakeGateway(t, { answer: () => 'hang' })
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [hanging.url, gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await gateway.seen(() => true)
  const startedAt = Date.now()
  await app.close()
  t.ok(Date.now() - startedAt < 4000, `closed after ${Date.now() - startedAt} ms`)
  t.equal(gateway.received.at(-1)?.body.state, 'left')
  t.equal(hanging.received.at(-1)?.body.state, 'left')
})

t.test('a worker that closes while its gateway is gone closes', async t => {
  const gateway = await fakeGateway(t)
  const app = await workerWith(t, { gateways: [gateway.url] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await gateway.seen(() => true)
  await gateway.close()
  await app.close()
  t.equal(app.agent.state, 'left')
})

t.test('two workers with one id both stay: one takes a name of its own, and says so', async t => {
  const held = { incarnation: 0 }
  const gateway = await fakeGateway(t, {
    answer (received) {
      const { id, incarnation = 0 } = received.body
      if (id !== 'twin') return accepted(received)
      if (incarnation < held.incarnation) return { statusCode: 409, body: { incarnation: held.incarnation } }
      held.incarnation = incarnation
      return accepted(received)
    }
  })
  const first = await workerWith(t, { gateways: [gateway.url], id: 'twin' })
  await first.listen({ host: '127.0.0.1', port: 0 })
  await gateway.seen(() => true)
  const second = await workerWith(t, { gateways: [gateway.url], id: 'twin' })
  await second.listen({ host: '127.0.0.1', port: 0 })
  const renamed = await gateway.seen(({ body }) => body.id?.startsWith('twin~') === true)
  t.match(renamed.body.id, /^twin~[0-9a-f]{4}$/)
  t.equal(first.agent.id, renamed.body.id)
  t.equal(second.agent.id, 'twin')
})
