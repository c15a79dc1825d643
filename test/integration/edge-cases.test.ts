import { Readable } from 'node:stream'
import { test } from 'tap'
import { openRequest, send, until } from '../support/client.js'
import { gatewayWith } from '../support/gateway.js'
import { breakingOffAfter, hanging, refusingOrigin, resettingAfter, resettingAfterReading, startUpstream } from '../support/upstream.js'
import { answering, startWorker } from '../support/worker.js'
import type { Test } from 'tap'
import type { Answer } from '../support/client.js'
import type { GatewayFixture } from '../support/gateway.js'
import type { Handler, Worker } from '../support/worker.js'

// The rules for edge cases in which load balancers differ, each as it is here.

const operations = { operations: {} } as const

/** Three nodes that answer with their names. */
async function threeWorkers (t: Test, handlerOf: (id: string) => Handler = id => answering(200, id)): Promise<{ workers: Record<string, Worker>, nodes: Record<string, string> }> {
  const workers: Record<string, Worker> = {}
  for (const id of ['a', 'b', 'c']) workers[id] = await startWorker(t, handlerOf(id))
  return { workers, nodes: Object.fromEntries(Object.entries(workers).map(([id, { origin }]) => [id, origin])) }
}

/** What `/_balance/status` says of the service `things`. */
async function serviceOf ({ origin }: GatewayFixture): Promise<any> {
  return (await send(`${origin}/_balance/status`)).json().services[0]
}

const isNoNode = (t: Test, answer: Answer): void => {
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } })
  t.equal(answer.json().code, 'FST_BALANCE_NO_NODE')
}

/** Fails the path of the active checks, and serves everything else. */
const failingChecks: Handler = (request, response) => {
  response.statusCode = request.url === '/health' ? 500 : 200
  response.end('served')
}

test('every node unhealthy — all are offered all the same, and the status says so', async t => {
  const { nodes } = await threeWorkers(t, () => failingChecks)
  const gateway = await gatewayWith(t, { nodes, health: { path: '/health', intervalMs: 100 }, gateway: operations })
  await until('the checks', () => gateway.app.registry.nodes('things').every(({ state }) => state === 'ejected'))
  t.match(await send(gateway.origin), { status: 200, text: 'served' })
  t.equal((await serviceOf(gateway)).panic, true)
})

test('every node unhealthy — is a 503 where there is no panic', async t => {
  const { nodes } = await threeWorkers(t, () => failingChecks)
  const gateway = await gatewayWith(t, { nodes, health: { path: '/health', intervalMs: 100 }, panicThreshold: 0 })
  await until('the checks', () => gateway.app.registry.nodes('things').every(({ state }) => state === 'ejected'))
  isNoNode(t, await send(gateway.origin))
})

test('an empty list of nodes — is a 503 that says when to come again', async t => {
  const gateway = await gatewayWith(t, {})
  isNoNode(t, await send(gateway.origin))
})

test('a service that nobody knows — is a 503 that says when to come again', async t => {
  const gateway = await gatewayWith(t, { routes: app => { app.get('/', (_request, reply) => reply.balance('unknown')) } })
  isNoNode(t, await send(gateway.origin))
})

test('weight 0 — gets no request, not even when the others fail', async t => {
  const spare = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { spare: { origin: spare.origin, weight: 0 }, a: await refusingOrigin(t) } })
  t.match(await send(gateway.origin), { status: 502 })
  t.same(gateway.trace, ['a/unreached'])
  t.same(spare.urls, [])
})

test('all weights 0 — all count the same, with one warning', async t => {
  const { workers } = await threeWorkers(t)
  const nodes = Object.fromEntries(Object.entries(workers).map(([id, { origin }]) => [id, { origin, weight: 0 }]))
  const gateway = await gatewayWith(t, { nodes, strategy: 'weighted-round-robin' })
  const warnings = (): number => gateway.log.filter(({ level, msg }) => level === 40 && /weight 0/.test(String(msg))).length
  const texts: string[] = []
  for (let count = 0; count < 9; count++) texts.push((await send(gateway.origin)).text)
  t.same(texts.toSorted().join(''), 'aaabbbccc')
  await until('the warning', () => warnings() > 0)
  await new Promise(resolve => setTimeout(resolve, 600))
  t.equal(warnings(), 1, 'two sweeps later')
})

test('a tie — is decided by chance', async t => {
  const { workers, nodes } = await threeWorkers(t)
  const gateway = await gatewayWith(t, { nodes, strategy: 'least-connections' })
  for (let count = 0; count < 240; count++) await send(gateway.origin)
  for (const [id, { urls }] of Object.entries(workers)) t.ok(urls.length > 30 && urls.length < 130, `${id} got ${urls.length} of 240`)
})

test('one node — is never ejected', async t => {
  const a = await startWorker(t, answering(500))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, ejection: { consecutive: 1, connect: 1, minRequests: 1, maxRatio: 1 }, gateway: operations })
  for (let count = 0; count < 20; count++) t.match(await send(gateway.origin), { status: 500 })
  t.equal(a.urls.length, 20)
  t.match((await serviceOf(gateway)).nodes[0], { state: 'up', ejections: 0, failures: 20 })
})

test('one node that refuses — is a 502 at once, each time', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t) }, ejection: { consecutive: 1, connect: 1, maxRatio: 1 } })
  for (let count = 0; count < 5; count++) t.match(await send(gateway.origin, { withinMs: 500 }), { status: 502 })
  t.same(gateway.trace, Array(5).fill('a/unreached'))
})

test('the last node — is never ejected, though the others are', async t => {
  const { nodes } = await threeWorkers(t, () => answering(500))
  const gateway = await gatewayWith(t, { nodes, panicThreshold: 0, ejection: { consecutive: 1, maxRatio: 1, baseMs: 60_000 }, gateway: operations })
  for (let count = 0; count < 6; count++) t.match(await send(gateway.origin), { status: 500 })
  t.same(gateway.trace, ['a/500', 'b/500', 'c/500', 'c/500', 'c/500', 'c/500'])
})

test('the last node that is offered — is never ejected, though one of weight 0 is there', async t => {
  const [a, spare] = [await startWorker(t, answering(500)), await startWorker(t)]
  const gateway = await gatewayWith(t, {
    nodes: { a: a.origin, spare: { origin: spare.origin, weight: 0 } }, panicThreshold: 0, ejection: { consecutive: 1, maxRatio: 0.5, baseMs: 60_000 }
  })
  for (let count = 0; count < 3; count++) t.match(await send(gateway.origin), { status: 500 })
})

test("a client's abort — is no failure of the node", async t => {
  const [a, b] = [await startUpstream(t, hanging), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { consecutive: 1, minRequests: 1 }, gateway: operations })
  for (let count = 1; count <= 5; count++) {
    const request = openRequest(gateway.origin)
    request.on('error', () => {})
    request.end()
    await until('the request', () => a.heads === count)
    request.destroy()
    await until('the end of the attempt', () => gateway.inFlight() === 0)
  }
  t.same(gateway.trace, Array(5).fill('a/aborted'))
  t.match((await serviceOf(gateway)).nodes[0], { state: 'up', requests: 5, failures: 0, ejections: 0 })
})

test('a reset before the response head — goes to the next node, if the request may be sent twice', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin), { status: 200, text: 'b' })
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 502 })
  t.same(gateway.trace, ['a/failed', 'b/200', 'a/failed'])
})

const megabyte = Buffer.alloc(2 ** 20, 'x')
const upload = { method: 'PUT', headers: { 'content-type': 'application/octet-stream', 'content-length': megabyte.length } }

test('a body of which bytes are lost — is not sent again', async t => {
  const [a, b] = [await startUpstream(t, resettingAfter(200_000)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, streams: true, replayBytes: 65_536 })
  t.match(await send(gateway.origin, { ...upload, body: Readable.from([megabyte]) }), { status: 502 })
  t.same(gateway.trace, ['a/failed'])
  t.same(b.urls, [])
})

test('a body of any size — goes to the next node, when the first was not reached', async t => {
  const b = await startWorker(t, (request, response) => { request.on('end', () => response.end('whole')) })
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: b.origin }, streams: true, replayBytes: 65_536 })
  t.match(await send(gateway.origin, { ...upload, method: 'POST', body: Readable.from([megabyte]) }), { status: 200 })
  t.equal(b.received[0]?.body.length, megabyte.length)
})

test('a response whose head was forwarded — is never asked for again', async t => {
  const [a, b] = [await startUpstream(t, breakingOffAfter('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello')), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin), { status: 200, isBroken: true })
  t.same(b.urls, [])
})

test('a failover — goes to nodes that were not tried, and to each once', async t => {
  const { nodes, workers } = await threeWorkers(t, id => answering(503, id))
  const gateway = await gatewayWith(t, { nodes, attempts: 10 })
  t.match(await send(gateway.origin), { status: 503, text: 'c' })
  t.same(Object.values(workers).map(({ urls }) => urls.length), [1, 1, 1])
})

test('the retry budget is exhausted — the last real answer is relayed', async t => {
  const { nodes } = await threeWorkers(t, id => answering(503, `busy ${id}`, { 'retry-after': '7' }))
  const gateway = await gatewayWith(t, { nodes, retryBudget: { ratio: 0, perSecond: 0.1 } })
  t.match(await send(gateway.origin), { status: 503, text: 'busy b', headers: { 'retry-after': '7' } }, 'one failover there was')
  t.match(await send(gateway.origin), { status: 503, text: 'busy a' })
  t.same(gateway.trace, ['a/503', 'b/503', 'a/503'])
})

test('the retry budget is exhausted — a node that refuses is passed over all the same', async t => {
  const b = await startWorker(t, answering(200))
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: b.origin }, retryBudget: { ratio: 0, perSecond: 0 } })
  for (let count = 0; count < 5; count++) t.match(await send(gateway.origin, { method: 'POST' }), { status: 200 })
})

test('more nodes fail than may be ejected — the ejection is suppressed, and counted in the status', async t => {
  const { nodes } = await threeWorkers(t, () => answering(500))
  const gateway = await gatewayWith(t, { nodes, ejection: { consecutive: 2, maxRatio: 0.5, baseMs: 60_000 }, gateway: operations })
  for (let count = 0; count < 8; count++) t.match(await send(gateway.origin), { status: 500 })
  t.match((await serviceOf(gateway)).nodes, [
    { id: 'a', state: 'ejected', reason: 'ejected', ejections: 1, ejectionsSuppressed: 0, requests: 2, effectiveWeight: 0 },
    { id: 'b', state: 'up', ejections: 0, ejectionsSuppressed: 1, requests: 6, effectiveWeight: 1 },
    { id: 'c', state: 'up', ejections: 0, ejectionsSuppressed: 0, requests: 0 }
  ])
})

test('only draining nodes are left — they are offered', async t => {
  const { nodes } = await threeWorkers(t)
  const gateway = await gatewayWith(t, { nodes })
  for (const id of ['a', 'b']) gateway.app.registry.drain('things', id)
  t.match(await send(gateway.origin), { status: 200, text: 'c' })
  gateway.app.registry.drain('things', 'c')
  t.match(await send(gateway.origin), { status: 200, text: 'a' })
})

test('a draining node is left beside one that fails its checks — the latter is offered, in panic', async t => {
  const [a, b] = [await startWorker(t, answering(200, 'a')), await startWorker(t, failingChecks)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, health: { path: '/health', intervalMs: 100 } })
  await until('the checks', () => gateway.app.registry.nodes('things').some(({ state }) => state === 'ejected'))
  gateway.app.registry.drain('things', 'a')
  t.match(await send(gateway.origin), { status: 200, text: 'served' })
})

test('all heartbeats stop — traffic goes on, the status and one line of the log say so', async t => {
  const [a, b] = [await startWorker(t, answering(200, 'a')), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { gateway: operations })
  const renew = (ttlMs: number): void => {
    for (const [id, { origin }] of Object.entries({ a, b })) gateway.app.registry.renew({ service: 'things', id, origin }, ttlMs)
  }
  const lines = (text: RegExp): number => gateway.log.filter(({ msg }) => text.test(String(msg))).length
  renew(100)
  await until('the end of the leases', () => gateway.app.registry.nodes('things').every(({ state }) => state === 'expired'))
  t.match(await send(gateway.origin), { status: 200, text: 'a' })
  t.match(await serviceOf(gateway), { panic: true, heartbeatsLost: true })
  await until('the line of the log', () => lines(/no heartbeat comes through/) > 0)
  renew(60_000)
  t.match(await serviceOf(gateway), { panic: false, heartbeatsLost: false })
  await until('the other line', () => lines(/heartbeats come through again/) === 1)
  t.equal(lines(/no heartbeat comes through/), 1)
})

test('a silent node that refuses — is gone with its first request, and the next node serves it', async t => {
  const [a, b] = [await refusingOrigin(t), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, {})
  for (const [id, origin] of Object.entries({ a, b: b.origin })) gateway.app.registry.renew({ service: 'things', id, origin }, 100)
  await until('the end of the leases', () => gateway.app.registry.nodes('things').every(({ state }) => state === 'expired'))
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 200, text: 'b' })
  t.same(gateway.app.registry.nodes('things').map(({ id }) => id), ['b'])
})
