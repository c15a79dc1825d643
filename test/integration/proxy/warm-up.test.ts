import Fastify from 'fastify'
import { test } from 'tap'
import agent from '../../../lib/agent.js'
import { openRequest, send } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { answering, startWorker } from '../../support/worker.js'
import type { GatewayFixture } from '../../support/gateway.js'
import type { Answer } from '../../support/client.js'

const secret = 'sixteen characters at least'

/** How long an answer took, ms. */
async function timed (promise: Promise<Answer>): Promise<readonly [answer: Answer, ms: number]> {
  const startedAt = performance.now()
  const answer = await promise
  return [answer, performance.now() - startedAt]
}

const queued = async ({ origin }: GatewayFixture): Promise<number> => (await send(`${origin}/_balance/status`)).json().services[0].queued

test('a gateway that has just started — lets a request wait for the first node of its service', async t => {
  const a = await startWorker(t, answering(200, 'a'))
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 2000, operations: {} } })
  const answers = [1, 2, 3].map(() => send(gateway.origin, { withinMs: 1500 }))
  while (await queued(gateway) < 3);
  gateway.app.registry.renew({ service: 'things', id: 'a', origin: a.origin })
  for (const answer of await Promise.all(answers)) t.match(answer, { status: 200, text: 'a' })
  t.equal(await queued(gateway), 0)
})

test('a gateway that has just started — lets a request wait for a service that nobody has named yet', async t => {
  const a = await startWorker(t, answering(200, 'a'))
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 2000 }, routes: app => { app.get('/', (_request, reply) => reply.balance('unheard')) } })
  const answer = send(gateway.origin, { withinMs: 1500 })
  await new Promise(resolve => setTimeout(resolve, 400))
  gateway.app.registry.renew({ service: 'unheard', id: 'a', origin: a.origin })
  t.match(await answer, { status: 200, text: 'a' })
})

test('a gateway that has just started — gets the first heartbeat, and serves who waited', async t => {
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 2000, heartbeat: { secret } } })
  const answer = send(gateway.origin, { withinMs: 1900 })
  const worker = Fastify()
  t.teardown(() => worker.close())
  worker.get('/', async () => 'worker')
  await worker.register(agent, { service: 'things', gateways: [gateway.origin], secret })
  await worker.listen({ port: 0, host: '127.0.0.1' })
  t.match(await answer, { status: 200, text: 'worker' })
})

test('a node that does not come in time — is a 503 that says when to come again', async t => {
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 300 } })
  const [answer, ms] = await timed(send(gateway.origin))
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } })
  t.equal(answer.json().code, 'FST_BALANCE_NO_NODE')
  t.ok(ms >= 295 && ms < 1500, `after ${ms.toFixed()} ms`)
})

test('with warmUpMs: 0 — a request without nodes is answered at once', async t => {
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 0 } })
  const [answer, ms] = await timed(send(gateway.origin))
  t.match(answer, { status: 503 })
  t.ok(ms < 250, `after ${ms.toFixed()} ms`)
})

test('no more wait than the queue has places', async t => {
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 500, operations: {} }, queue: { size: 2 } })
  const waiting = [1, 2].map(() => send(gateway.origin))
  while (await queued(gateway) < 2);
  const [answer, ms] = await timed(send(gateway.origin))
  t.match(answer, { status: 503 })
  t.ok(ms < 250, `after ${ms.toFixed()} ms`)
  for (const each of await Promise.all(waiting)) t.match(each, { status: 503 })
})

test('a client that leaves waits no more', async t => {
  const a = await startWorker(t)
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 2000, operations: {} } })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  while (await queued(gateway) < 1);
  request.destroy()
  while (await queued(gateway) > 0);
  gateway.app.registry.renew({ service: 'things', id: 'a', origin: a.origin })
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(a.urls, [])
})

test('a service that has nodes does not let a request wait — when they have failed', async t => {
  const a = await startWorker(t, answering(503))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, gateway: { warmUpMs: 2000 } })
  const [answer, ms] = await timed(send(gateway.origin))
  t.match(answer, { status: 503 })
  t.ok(ms < 500, `after ${ms.toFixed()} ms`)
})

test('an app that closes answers those who wait', async t => {
  const gateway = await gatewayWith(t, { gateway: { warmUpMs: 1000, operations: {} } })
  const answer = send(gateway.origin)
  while (await queued(gateway) < 1);
  await gateway.app.close()
  t.match(await answer, { status: 503 })
})

test('the probes tell of the life of a gateway — ready while it listens, not while it closes', async t => {
  let mayClose = (): void => {}
  const gateway = await gatewayWith(t, {
    gateway: { operations: {} },
    // else Fastify answers everything with a 503 of its own while it closes
    server: { return503OnClosing: false },
    routes: app => { app.addHook('preClose', async () => { await new Promise<void>(resolve => { mayClose = resolve }) }) }
  })
  t.match(await send(`${gateway.origin}/_balance/ready`), { status: 200, text: '{"ready":true}' })
  const closing = gateway.app.close()
  await new Promise(resolve => setTimeout(resolve, 20))
  t.match(await send(`${gateway.origin}/_balance/ready`), { status: 503, text: '{"ready":false,"reason":"closing"}' })
  t.match(await send(`${gateway.origin}/_balance/live`), { status: 200 })
  mayClose()
  await closing
})

test('the probes of a gateway under pressure — answer that it is not ready, while requests are refused', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: (await startWorker(t, answering(200))).origin }, gateway: { operations: {}, pressure: { maxRssBytes: 1, sampleInterval: 50 } } })
  let answer = await send(gateway.origin)
  for (let count = 0; answer.status === 200 && count < 100; count++) answer = await send(gateway.origin)
  t.match(answer, { status: 503 })
  t.match(await send(`${gateway.origin}/_balance/ready`), { status: 503, text: '{"ready":false,"reason":"under-pressure"}' })
  t.match(await send(`${gateway.origin}/_balance/live`), { status: 200 })
})
