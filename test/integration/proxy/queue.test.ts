import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'tap'
import { startBurstThread } from '../../support/burst-thread.js'
import { headOf, openRequest, send, until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { answering, startWorker } from '../../support/worker.js'
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { Worker } from '../../support/worker.js'

/** A node that answers when it is told to. */
async function startHeldWorker (t: Test): Promise<Worker & { readonly held: ServerResponse[], readonly release: (count: number) => void }> {
  const held: ServerResponse[] = []
  const worker = await startWorker(t, (_request, response) => { held.push(response) })
  return { ...worker, held, get urls () { return worker.urls }, release: count => { for (const response of held.splice(0, count)) response.end('served') } }
}

test('2,000 requests at once to nodes of limited room — those beyond the queue get a 503 in time, and the rest is served', async t => {
  const timeoutMs = 1000
  const [a, b] = [await startHeldWorker(t), await startHeldWorker(t)]
  const tookMs: number[] = []
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, b: b.origin },
    maxInFlight: 50,
    queue: { size: 100, timeoutMs },
    // writing 2,000 errors to the log takes longer than all the rest
    server: { logger: false },
    routes: app => {
      app.get('/warm', async () => 'warm')
      app.get('/', { onResponse: async (_request, reply) => { if (reply.statusCode === 503) tookMs.push(reply.elapsedTime) } }, (_request, reply) => reply.balance('things'))
    }
  })
  const lag = monitorEventLoopDelay({ resolution: 5 })
  lag.enable()
  t.teardown(() => lag.disable())
  const coming = (await startBurstThread(t)).burst(`${gateway.origin}/`, 2000)
  await until('the refusals', () => tookMs.length === 1900, 20_000)
  t.equal(gateway.inFlight(), 100)
  await until('the requests that are served', () => a.held.length === 50 && b.held.length === 50, 20_000)
  for (const worker of [a, b]) worker.release(50)
  const came = await coming
  t.equal(came.filter(({ status, text }) => status === 200 && text === 'served').length, 100)
  t.equal(came.filter(({ status, text, retryAfter }) => status === 503 && retryAfter === '1' && JSON.parse(text).code === 'FST_BALANCE_QUEUE').length, 1900)
  const reasons = came.filter(({ status }) => status === 503).map(({ text }) => JSON.parse(text).message)
  t.equal(reasons.filter(each => each === "Every node of service 'things' is busy, and none was free within 1000 ms").length, 100, 'as many as the queue holds have waited')
  t.equal(reasons.filter(each => each === "Every node of service 'things' is busy, and its queue is full").length, 1800, 'the others were told at once')
  const [slowestMs, lagMs] = [Math.max(...tookMs), lag.max / 1e6]
  t.ok(slowestMs <= timeoutMs + 200 + lagMs, `the slowest refusal took ${slowestMs.toFixed()} ms, while the machine held this process up for ${lagMs.toFixed()} ms`)
  t.same([a.urls.length, b.urls.length], [50, 50], 'what was refused was not sent')
})

test('a request that waits too long in the queue gets a 503 that says when to come again', async t => {
  const a = await startHeldWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, maxInFlight: 1, queue: { size: 1, timeoutMs: 200 } })
  const first = send(gateway.origin)
  await until('the first request', () => a.held.length === 1)
  const refused = await send(gateway.origin, { withinMs: 1000 })
  t.match(refused, { status: 503, headers: { 'retry-after': '1' } })
  t.match(refused.json(), { code: 'FST_BALANCE_QUEUE', message: "Every node of service 'things' is busy, and none was free within 200 ms" })
  a.release(1)
  t.match(await first, { status: 200 })
  t.equal(a.urls.length, 1)
})

test('no node has more requests than it may, and those who wait are served in their order', async t => {
  const a = await startHeldWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, maxInFlight: 2, gateway: { operations: {} } })
  const answers: Array<Promise<unknown>> = []
  const queued = async (): Promise<number> => (await send(`${gateway.origin}/_balance/status`)).json().services[0].queued
  for (const path of ['1', '2', '3', '4', '5']) {
    answers.push(send(`${gateway.origin}/${path}`))
    const number = answers.length
    await until(`request ${path}`, () => a.held.length === Math.min(2, number))
    while (await queued() < number - 2);
  }
  t.same([a.urls, gateway.inFlight(), await queued()], [['/1', '/2'], 2, 3])
  for (const [index, count] of [3, 4, 5].entries()) {
    a.release(1)
    await until(`${count} requests`, () => a.urls.length === count)
    t.same([a.urls.at(-1), a.held.length, await queued()], [`/${count}`, 2, 2 - index])
  }
  a.release(2)
  await Promise.all(answers)
})

test('a client that leaves, leaves the queue', async t => {
  const a = await startHeldWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, maxInFlight: 1, gateway: { operations: {} } })
  const queued = async (): Promise<number> => (await send(`${gateway.origin}/_balance/status`)).json().services[0].queued
  const first = send(`${gateway.origin}/first`)
  await until('the first request', () => a.held.length === 1)
  const leaving = openRequest(`${gateway.origin}/leaving`)
  leaving.on('error', () => {})
  leaving.end()
  while (await queued() < 1);
  leaving.destroy()
  while (await queued() > 0);
  a.release(1)
  t.match(await first, { status: 200 })
  const last = send(`${gateway.origin}/last`)
  await until('the last request', () => a.held.length === 1)
  a.release(1)
  await last
  t.same(a.urls, ['/first', '/last'])
})

test('a node that is full is no reason to wait — while another has room', async t => {
  const [a, b] = [await startHeldWorker(t), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, maxInFlight: 1 })
  const first = send(gateway.origin)
  await until('the first request', () => a.held.length === 1)
  t.match(await send(gateway.origin), { status: 200, text: 'b' })
  a.release(1)
  await first
})

test('a node that registers takes those who wait', async t => {
  const [a, b] = [await startHeldWorker(t), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, maxInFlight: 1, queue: { timeoutMs: 5000 } })
  const first = headOf(openRequest(gateway.origin).end())
  await until('the first request', () => a.held.length === 1)
  const second = send(gateway.origin)
  await new Promise(resolve => setTimeout(resolve, 50))
  gateway.app.registry.renew({ service: 'things', id: 'b', origin: b.origin })
  t.match(await within(500, 'the second answer', second), { status: 200, text: 'b' })
  a.release(1)
  await first
})
