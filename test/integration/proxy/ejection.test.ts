import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, refusingOrigin, resettingAfterReading, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { GatewayFixture } from '../../support/gateway.js'
import type { Behaviour } from '../../support/upstream.js'
import type { Handler } from '../../support/worker.js'
import type { EjectionOptions, NodeChange } from '../../../types/index.js'

/** Ejections of 100 to 300 ms. */
const briefly: EjectionOptions = { consecutive: 3, connect: 2, baseMs: 200, maxMs: 200 }

/** What the registry tells of a node from now on: `from>to reason`. */
function changesOf ({ app }: GatewayFixture, id: string): string[] {
  const changes: string[] = []
  app.registry.onChange((change: NodeChange) => { if (change.id === id) changes.push(`${String(change.from)}>${String(change.to)} ${change.reason}`) })
  return changes
}

const stateOf = ({ app }: GatewayFixture, id: string): unknown => app.registry.nodes('things').find(each => each.id === id)?.state

/** A node that fails until it is mended. */
function mendable (failing: Handler = answering(500, 'bad')): { handler: Handler, mend: () => void } {
  let handler = failing
  return { handler: (request, response) => handler(request, response), mend: () => { handler = answering(200, 'good') } }
}

/** Answers every request until one of this path comes, and nothing from then on. */
function answeringUntil (path: string): Behaviour {
  let isFrozen = false
  return {
    received ({ socket }, chunk) {
      isFrozen ||= chunk.includes(`GET ${path} `)
      if (!isFrozen) socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok')
    }
  }
}

test('a node that fails so many times in a row is ejected — and the others serve', async t => {
  const [a, b] = [await startWorker(t, answering(500)), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { baseMs: 60_000 } })
  const changes = changesOf(gateway, 'a')
  for (let count = 0; count < 5; count++) t.match(await send(gateway.origin), { status: 500 })
  for (let count = 0; count < 5; count++) t.match(await send(gateway.origin), { status: 200 })
  t.equal(a.urls.length, 5)
  t.same(changes, ['up>ejected ejected'])
  t.match(gateway.log.filter(({ to }) => to === 'ejected'), [{ level: 30, node: 'a', reason: 'ejected', msg: 'node changed state' }])
})

test('a node that refuses is ejected after fewer failures — and no client notices', async t => {
  const b = await startWorker(t, answering(200))
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: b.origin }, ejection: { baseMs: 60_000 } })
  for (let count = 0; count < 6; count++) t.match(await send(gateway.origin, { method: 'POST' }), { status: 200 })
  t.same(gateway.trace, ['a/unreached', 'b/200', 'a/unreached', 'b/200', 'a/unreached', 'b/200', 'b/200', 'b/200', 'b/200'])
})

test('a node that fails too often, though not in a row, is ejected', async t => {
  let count = 0
  const half: Handler = (_request, response) => {
    response.statusCode = count++ % 2 === 0 ? 500 : 200
    response.end()
  }
  const [a, b] = [await startWorker(t, half), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { baseMs: 60_000 } })
  for (let request = 0; request < 20; request++) await send(gateway.origin)
  t.equal(a.urls.length, 11, 'ten are enough to tell, and a failure brings it')
  t.equal(stateOf(gateway, 'a'), 'ejected')
})

test('an ejected node returns after its time, through slow start — and every step is told with its reason', async t => {
  const { handler, mend } = mendable()
  const [a, b] = [await startWorker(t, handler), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: briefly, slowStartMs: 400 })
  const changes = changesOf(gateway, 'a')
  for (let count = 0; count < 3; count++) t.match(await send(gateway.origin), { text: 'bad' })
  mend()
  t.match(await send(gateway.origin), { text: 'b' })
  await until('the end of the ejection', () => stateOf(gateway, 'a') === 'warming')
  t.ok((gateway.app.registry.nodes('things')[0]?.effectiveWeight ?? 1) < 1)
  t.match(await send(gateway.origin), { text: 'good' })
  await until('the end of slow start', () => stateOf(gateway, 'a') === 'up')
  await until('the sweep', () => changes.length === 3)
  t.same(changes, ['up>ejected ejected', 'ejected>warming ejection-over', 'warming>up warmed-up'])
  t.equal(gateway.app.registry.nodes('things')[0]?.effectiveWeight, 1)
})

test('a node that is still bad at its return is ejected again — after as many failures', async t => {
  const [a, b] = [await startWorker(t, answering(500)), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: briefly, gateway: { operations: {} } })
  for (let round = 1; round <= 2; round++) {
    await until('the return', () => stateOf(gateway, 'a') === 'up')
    for (let count = 0; count < 3; count++) t.match(await send(gateway.origin), { status: 500 })
    t.match(await send(gateway.origin), { text: 'b' })
  }
  t.equal((await send(`${gateway.origin}/_balance/status`)).json().services[0].nodes[0].ejections, 2)
})

test('with ejection: false nobody is ejected', async t => {
  const [a, b] = [await startWorker(t, answering(500)), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: false })
  for (let count = 0; count < 20; count++) t.match(await send(gateway.origin), { status: 500 })
})

test('a 404 or a 501 ejects nobody', async t => {
  const [a, b] = [await startWorker(t, (request, response) => { response.writeHead(request.url === '/' ? 404 : 501).end() }), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { consecutive: 1, minRequests: 1 } })
  for (let count = 0; count < 10; count++) {
    t.match(await send(`${gateway.origin}/`), { status: 404 })
    t.match(await send(`${gateway.origin}/x`), { status: 501 })
  }
})

test('a node is ejected while requests wait for it — those that may be sent twice go elsewhere at once, the others wait on', async t => {
  const [a, b] = [await startUpstream(t, { received: ({ socket }, chunk) => { if (chunk.includes('/bad')) socket.destroy() } }), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { consecutive: 1, baseMs: 60_000 }, attemptTimeoutMs: 1500 })
  const gets = [1, 2, 3].map(() => send(`${gateway.origin}/waits`))
  const post = send(`${gateway.origin}/waits`, { method: 'POST' })
  await until('the requests', () => a.heads === 4)
  const startedAt = performance.now()
  t.match(await send(`${gateway.origin}/bad`), { status: 200, text: 'b' })
  for (const answer of await Promise.all(gets)) t.match(answer, { status: 200, text: 'b' })
  t.ok(performance.now() - startedAt < 500, 'long before their time')
  t.match(await post, { status: 504 }, 'it may have been executed')
  t.equal(b.urls.length, 4)
})

test('a node that answers nothing any more is ejected — and requests that may be sent twice are served within two seconds', async t => {
  const [a, b] = [await startUpstream(t, answeringUntil('/freeze')), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { silenceMs: 300, baseMs: 60_000 } })
  t.match(await send(gateway.origin), { text: 'ok' })
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(`${gateway.origin}/freeze`, { withinMs: 2000 })))
  for (const answer of answers) t.match(answer, { status: 200, text: 'b' })
  t.equal(stateOf(gateway, 'a'), 'ejected')
  t.equal(a.heads, 6)
})

test('a node that has returned is not ejected again for requests that were sent to it before', async t => {
  const loses: Handler = (request, response) => { if (request.method === 'GET') response.end('a') }
  const [a, b] = [await startWorker(t, loses), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { consecutive: 3, silenceMs: 200, baseMs: 200, maxMs: 200 }, attemptTimeoutMs: 2500 })
  const changes = changesOf(gateway, 'a')
  t.match(await send(gateway.origin), { text: 'a' })
  const lost = [1, 2, 3].map(() => send(gateway.origin, { method: 'POST' }))
  await Promise.all(lost)
  t.same(changes, ['up>ejected ejected', 'ejected>up ejection-over'], 'though they waited for two seconds more')
})

test('a node that is slow by nature is not taken for one that has stopped', async t => {
  const slow: Handler = (_request, response) => { setTimeout(() => response.end('slow'), 400) }
  const [a, b] = [await startWorker(t, slow), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { silenceMs: 100, baseMs: 60_000 } })
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(gateway.origin)))
    t.same([...new Set(answers.map(({ text }) => text))], ['slow'])
  }
  t.equal(stateOf(gateway, 'a'), 'up')
})

test('a node whose heartbeats end while a request waits for it — the request goes elsewhere at once', async t => {
  const [a, b] = [await startUpstream(t, hanging), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, {})
  gateway.app.registry.renew({ service: 'things', id: 'a', origin: a.origin }, 300)
  gateway.app.registry.renew({ service: 'things', id: 'b', origin: b.origin }, 60_000)
  t.match(await send(gateway.origin, { withinMs: 1500 }), { status: 200, text: 'b' })
  t.same(gateway.trace, ['a/aborted', 'b/200'])
})

test('a new process on the origin of an ejected node is not ejected', async t => {
  const { handler, mend } = mendable()
  const [a, b] = [await startWorker(t, handler), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { b: b.origin }, ejection: { consecutive: 1, baseMs: 60_000 }, strategy: () => ({ pick: list => list.find(({ node }) => node.info.id.startsWith('a')) ?? list[0] }) })
  gateway.app.registry.renew({ service: 'things', id: 'a1', origin: a.origin }, 60_000)
  t.match(await send(gateway.origin), { text: 'bad' })
  t.match(await send(gateway.origin), { text: 'b' })
  mend()
  gateway.app.registry.renew({ service: 'things', id: 'a2', origin: a.origin }, 60_000)
  t.match(await send(gateway.origin), { text: 'good' })
})

test('resets eject too — the requests that may be sent twice do not notice', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, ejection: { baseMs: 60_000 } })
  for (let count = 0; count < 10; count++) t.match(await send(gateway.origin), { status: 200 })
  t.equal(a.heads, 5)
})
