import { test } from 'tap'
import { openRequest, send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { answering, startWorker } from '../../support/worker.js'
import type { Test } from 'tap'
import type { GatewayFixture, GatewayWith } from '../../support/gateway.js'
import type { Handler } from '../../support/worker.js'

interface HedgedGateway extends GatewayFixture {
  /** How many of the attempts at `a` were closed by the gateway before their answer. */
  readonly closed: () => number
  /** What the attempts have come to since the last call. */
  readonly newTrace: () => readonly string[]
}

/** What a node does with a request, as the request asks: `?a=never&b=200`. */
function asAsked (id: 'a' | 'b', slowMs: number): Handler {
  return (request, response) => {
    const wish = new URL(request.url ?? '/', 'http://node').searchParams.get(id) ?? 'quick'
    const handlers: Record<string, Handler> = {
      quick: answering(200, id),
      503: answering(503, id),
      slow: (...given) => { setTimeout(() => answering(200, `slow ${id}`)(...given), slowMs) },
      slow502: (...given) => { setTimeout(() => answering(502, `slow ${id}`)(...given), slowMs) }
    }
    handlers[wish]?.(request, response)
  }
}

/** A gateway of two nodes that hedges, and has just seen as many quick responses as it needs to know what is slow. */
async function hedgedGateway (t: Test, given: Omit<GatewayWith, 'nodes'> = {}): Promise<HedgedGateway> {
  let closed = 0
  const atA = asAsked('a', 400)
  const a = await startWorker(t, (request, response) => {
    response.once('close', () => { if (!response.writableEnded) closed++ })
    atA(request, response)
  })
  const b = await startWorker(t, asAsked('b', 400))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, hedge: { percentile: 0.95, maxRatio: 1 }, ...given })
  // one after the other: of those that come together at first, all are slow. Nothing is learned from the first, and it takes 100
  for (let count = 0; count < 101; count++) await send(gateway.origin)
  let seen = gateway.trace.length
  const newTrace = (): readonly string[] => {
    const news = gateway.trace.slice(seen)
    seen = gateway.trace.length
    return news
  }
  return { ...gateway, closed: () => closed, newTrace }
}

test('hedging', async t => {
  const gateway = await hedgedGateway(t, { ejection: { consecutive: 1, connect: 1, silenceMs: 60_000 }, gateway: { operations: {} } })

  await t.test('a request that takes longer than most is sent to a second node — the first answer is relayed, the slow attempt is closed', async t => {
    const before = gateway.closed()
    t.match(await send(`${gateway.origin}/?a=never`, { withinMs: 2000 }), { status: 200, text: 'b' })
    await until('the close of the slow attempt', () => gateway.closed() === before + 1)
    t.same(gateway.newTrace(), ['a/aborted', 'b/200'])
  })

  await t.test('the first attempt may still win', async t => {
    t.match(await send(`${gateway.origin}/?a=slow&b=never`), { status: 200, text: 'slow a' })
    t.same(gateway.newTrace(), ['a/200', 'b/aborted'])
  })

  await t.test('the loser does not count as a failure', async t => {
    const [service] = (await send(`${gateway.origin}/_balance/status`)).json().services
    t.match(service.nodes, [{ id: 'a', state: 'up', failures: 0, ejections: 0 }, { id: 'b', state: 'up', failures: 0, ejections: 0 }])
  })

  await t.test('a HEAD is hedged, a POST and a request with a body are not', async t => {
    t.match(await send(`${gateway.origin}/?a=slow`, { method: 'HEAD' }), { status: 200 })
    t.match(await send(`${gateway.origin}/?a=slow`, { method: 'POST' }), { text: 'slow a' })
    t.match(await send(`${gateway.origin}/?a=slow`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'x' }), { text: 'slow a' })
    t.same(gateway.newTrace(), ['a/aborted', 'b/200', 'a/200', 'a/200'])
  })

  await t.test('a client that leaves closes both attempts', async t => {
    const request = openRequest(`${gateway.origin}/?a=never&b=never`)
    request.on('error', () => {})
    request.end()
    await until('both attempts', () => gateway.inFlight() === 2)
    request.destroy()
    await until('their end', () => gateway.inFlight() === 0)
    t.same(gateway.newTrace(), ['a/aborted', 'b/aborted'])
  })
})

test('hedging — of nodes that fail', async t => {
  const gateway = await hedgedGateway(t)

  await t.test('a 503 of one waits for the other', async t => {
    t.match(await send(`${gateway.origin}/?a=slow&b=503`), { status: 200, text: 'slow a' })
    t.same(gateway.newTrace(), ['a/200', 'b/503'])
  })

  await t.test('both fail — the answer of the last is relayed', async t => {
    t.match(await send(`${gateway.origin}/?a=slow502&b=503`), { status: 502, text: 'slow a' })
    t.same(gateway.newTrace(), ['a/502', 'b/503'])
  })

  await t.test('a node that is gone is not waited for', async t => {
    gateway.app.registry.remove('things', 'b')
    t.match(await send(`${gateway.origin}/?a=slow`), { text: 'slow a' }, 'one node is not hedged')
    t.same(gateway.newTrace(), ['a/200'])
  })
})

test('no more requests are hedged than their share', async t => {
  const gateway = await hedgedGateway(t, { hedge: { percentile: 0.95, maxRatio: 0.02 } })
  const answers = await Promise.all(Array.from({ length: 40 }, () => send(`${gateway.origin}/?a=slow`)))
  const hedged = answers.filter(({ text }) => text === 'b').length
  // on a slow machine the first of the 141 requests are no longer among the last ten seconds'
  t.ok(hedged > 0 && hedged <= 0.02 * 141, `${hedged} of 40`)
})

test('without retry budget nothing is hedged', async t => {
  const gateway = await hedgedGateway(t, { retryBudget: { ratio: 0, perSecond: 0 } })
  t.match(await send(`${gateway.origin}/?a=slow`), { text: 'slow a' })
  t.same(gateway.newTrace(), ['a/200'])
})

test('a service that does not want it, or of which little is known, is not hedged', async t => {
  for (const hedge of [false, {}] as const) {
    const [a, b] = [await startWorker(t, asAsked('a', 300)), await startWorker(t)]
    const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, hedge })
    t.match(await send(`${gateway.origin}/?a=slow`), { text: 'slow a' })
    t.same(b.urls, [])
  }
})
