import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { refusingOrigin } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { StrategyFactory } from '../../../types/index.js'

test('a service that nobody knows — is a 503 with Retry-After, and never an address', async t => {
  const gateway = await gatewayWith(t, { routes: app => { app.get('/', (_request, reply) => reply.balance('nothing')) } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } })
  t.match(answer.json(), { code: 'FST_BALANCE_NO_NODE', message: /'nothing'/ })
})

test('a service that is configured without nodes — is a 503 with Retry-After', async t => {
  const gateway = await gatewayWith(t, {})
  const answer = await send(gateway.origin)
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } })
  t.equal(answer.json().code, 'FST_BALANCE_NO_NODE')
})

test('a service — begins with the first node that is registered, and ends with the last', async t => {
  const worker = await startWorker(t, answering(200, 'here'))
  const gateway = await gatewayWith(t, { routes: app => { app.get('/', (_request, reply) => reply.balance('late')) } })
  t.equal((await send(gateway.origin)).status, 503)
  gateway.app.registry.renew({ service: 'late', origin: worker.origin, id: 'l' })
  t.match(await send(gateway.origin), { status: 200, text: 'here' })
  gateway.app.registry.remove('late', 'l')
  t.equal((await send(gateway.origin)).status, 503)
  t.same(gateway.trace, ['l/200'])
})

test('a node that is gone — finishes its requests and receives no new one', async t => {
  const [a, b] = [await startWorker(t, (_request, response) => { setTimeout(() => response.end('a'), 100) }), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  const slow = send(gateway.origin)
  await until('the request', () => a.urls.length === 1)
  gateway.app.registry.remove('things', 'a')
  t.match(await send(gateway.origin), { text: 'b' })
  t.match(await slow, { text: 'a' })
})

test('a call without a service — goes where the route says, and without that is an error of the app', async t => {
  const worker = await startWorker(t, answering(200, 'fine'))
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/named', { config: { balance: { service: 'things' } } }, (_request, reply) => reply.balance())
      app.get('/nameless', (_request, reply) => reply.balance())
      app.get('/other', { config: { balance: { service: 'nothing' } } }, (_request, reply) => reply.balance('things'))
    }
  })
  t.match(await send(`${gateway.origin}/named`), { text: 'fine' })
  t.match(await send(`${gateway.origin}/other`), { text: 'fine' }, 'the call wins')
  t.match((await send(`${gateway.origin}/nameless`)).json(), { statusCode: 500, code: 'FST_BALANCE_OPTION' })
})

test('the layers of options — the later wins: defaults, service, route, call', async t => {
  const statuses: Record<string, number[]> = { default: [500], service: [501], route: [502], call: [503] }
  const [a, b] = [await startWorker(t, (request, response) => { response.writeHead(Number(request.url?.slice(-3))).end() }), await startWorker(t, answering(200))]
  const nodes = [a.origin, b.origin]
  const gateway = await gatewayWith(t, {
    gateway: {
      defaults: { retryOn: statuses.default ?? [] },
      services: { plain: { nodes: nodes.map((origin, index) => ({ origin, id: `plain-${index}` })) }, own: { nodes: nodes.map((origin, index) => ({ origin, id: `own-${index}` })), retryOn: statuses.service ?? [] } }
    },
    routes: app => {
      app.get('/default/*', (_request, reply) => reply.balance('plain'))
      app.get('/service/*', (_request, reply) => reply.balance('own'))
      app.get('/route/*', { config: { balance: { retryOn: statuses.route ?? [] } } }, (_request, reply) => reply.balance('own'))
      app.get('/call/*', { config: { balance: { retryOn: statuses.route ?? [] } } }, (_request, reply) => reply.balance('own', { retryOn: statuses.call ?? [] }))
    }
  })
  for (const [layer, retried] of Object.entries(statuses)) {
    for (const status of [500, 501, 502, 503]) {
      t.equal((await send(`${gateway.origin}/${layer}/${status}`)).status, retried.includes(status) ? 200 : status, `${layer}, ${status}`)
    }
  }
})

test('a wrong option of a route — is refused when the route is declared, and names it', async t => {
  await gatewayWith(t, {
    routes: app => { t.throws(() => app.get('/x', { config: { balance: { attempts: 0 } } }, () => {}), { code: 'FST_BALANCE_OPTION', message: /config\.balance of GET \/x\.attempts/ }) }
  })
})

test('a filter — offers only the nodes that it admits, also for failover', async t => {
  const [a, c] = [await refusingOrigin(t), await startWorker(t, answering(200, 'c'))]
  const b = await startWorker(t, answering(200, 'b'))
  const gateway = await gatewayWith(t, {
    nodes: { a: { origin: a, version: '2' }, b: { origin: b.origin, version: '1' }, c: { origin: c.origin, version: '2' } },
    filter: (node, request) => node.version === request.headers['x-version']
  })
  t.match(await send(gateway.origin, { headers: { 'x-version': '2' } }), { text: 'c' })
  t.match(await send(gateway.origin, { headers: { 'x-version': '1' } }), { text: 'b' })
  t.match(await send(gateway.origin, { headers: { 'x-version': '3' } }), { status: 503, headers: { 'retry-after': '1' } })
  t.same(gateway.trace, ['a/unreached', 'c/200', 'b/200'])
})

test('a strategy of a call — picks for that call, and keeps what it learned as long as its factory is the same', async t => {
  const [a, b] = [await startWorker(t, answering(200, 'a')), await startWorker(t, answering(200, 'b'))]
  let made = 0
  let settled = 0
  const last: StrategyFactory = () => {
    made++
    return { pick: candidates => candidates.at(-1) ?? candidates[0], settled: () => { settled++ } }
  }
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, b: b.origin },
    routes: app => {
      app.get('/last', (_request, reply) => reply.balance('things', { strategy: last }))
      app.get('/fresh', (_request, reply) => reply.balance('things', { strategy: () => last(Math.random) }))
      app.get('/first', (_request, reply) => reply.balance('things'))
    }
  })
  for (const path of ['last', 'last', 'fresh', 'fresh', 'first']) await send(`${gateway.origin}/${path}`)
  t.same(gateway.trace, ['b/200', 'b/200', 'b/200', 'b/200', 'a/200'])
  t.equal(made, 3, 'once for the factory that stays, once for each that does not')
  t.equal(settled, 4, 'each is told of its own calls')
})

test('a strategy that asks for the key — gets the address of the client', async t => {
  const worker = await startWorker(t, answering(200))
  const keys: string[] = []
  const strategy: StrategyFactory = () => ({
    pick (candidates, { key }) {
      keys.push(key)
      return candidates[0]
    }
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, strategy, server: { trustProxy: true } })
  await send(gateway.origin, { headers: { 'x-forwarded-for': '1.2.3.4' } })
  t.same(keys, ['1.2.3.4'])
})
