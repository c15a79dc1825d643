import { test } from 'tap'
import { Hedging } from '../../../lib/proxy/hedging.js'
import { nodeWith } from './fixtures.js'

/** Hedging of a service that has seen a hundred responses, which took so long. */
function hedgingWith (latencyMs: number, withdraw: () => boolean = () => true): Hedging {
  const hedging = new Hedging({ withdraw })
  const attempt = { node: nodeWith('a'), number: 1, startedAt: 0, latencyMs: null }
  for (let count = 0; count < 100; count++) hedging.responded(attempt, { kind: 'response', statusCode: 200, latencyMs })
  return hedging
}

/** An attempt at a node that owes five answers and gives none. */
const waiting = { node: { ...nodeWith('silent'), inFlight: 5 }, number: 1, startedAt: 900, latencyMs: null }
/** An attempt at a node that answers others, or is not asked by any. */
const slow = { node: nodeWith('slow'), number: 1, startedAt: 900, latencyMs: null }

/** How many of so many hedges are allowed. */
const allowed = (hedging: Hedging, count: number, maxRatio: number, now = 1000, attempt = waiting): number =>
  Array.from({ length: count }, () => hedging.allow(attempt, maxRatio, now)).filter(Boolean).length

test('a request is hedged when it is slower than most', async t => {
  t.equal(hedgingWith(80).delayMs(0.95, 1000), 80)
})

test('a request is not hedged before 10 ms', async t => {
  t.equal(hedgingWith(3).delayMs(0.95, 1000), 10)
})

test('a request to a service of which too little is known is not hedged', async t => {
  t.equal(new Hedging({ withdraw: () => true }).delayMs(0.95, 1000), Infinity)
})

test('no more than the share of the requests are hedged', async t => {
  const hedging = hedgingWith(80)
  for (let count = 0; count < 100; count++) hedging.delayMs(0.95, 1000)
  t.equal(allowed(hedging, 100, 0.05), 5)
  t.equal(allowed(hedging, 100, 0.1), 5, 'the same requests count once')
})

test('the first hedge needs as many requests as the share says', async t => {
  const hedging = hedgingWith(80)
  for (let count = 0; count < 19; count++) hedging.delayMs(0.95, 1000)
  t.equal(hedging.allow(waiting, 0.05, 1000), false)
  hedging.delayMs(0.95, 1000)
  t.equal(hedging.allow(waiting, 0.05, 1000), true)
})

test('a share of 0 hedges nothing, of 1 everything', async t => {
  const hedging = hedgingWith(80)
  for (let count = 0; count < 10; count++) hedging.delayMs(0.95, 1000)
  t.equal(allowed(hedging, 10, 0), 0)
  t.equal(allowed(hedging, 20, 1), 10)
})

test('what counts is the last ten seconds', async t => {
  const hedging = hedgingWith(80)
  for (let count = 0; count < 100; count++) hedging.delayMs(0.95, 1000)
  t.equal(allowed(hedging, 10, 0.05, 11_000), 0)
})

test('a hedge is charged to the retry budget — without budget there is none, and it counts for no share', async t => {
  let [left, asked] = [0, 0]
  const hedging = hedgingWith(80, () => {
    asked++
    return left-- > 0
  })
  for (let count = 0; count < 100; count++) hedging.delayMs(0.95, 1000)
  t.equal(allowed(hedging, 10, 0.05), 0)
  t.equal(asked, 10)
  left = 3
  t.equal(allowed(hedging, 10, 0.05), 3)
})

test('a hedge beyond its share asks nothing of the budget', async t => {
  let asked = 0
  const hedging = hedgingWith(80, () => {
    asked++
    return true
  })
  hedging.delayMs(0.95, 1000)
  hedging.allow(waiting, 0.05, 1000)
  t.equal(asked, 0)
})

test('a quarter of the share is kept for those that wait for a silent node', async t => {
  const hedging = hedgingWith(80)
  for (let count = 0; count < 400; count++) hedging.delayMs(0.95, 1000)
  t.equal(allowed(hedging, 100, 0.05, 1000, slow), 15)
  t.equal(allowed(hedging, 100, 0.05), 5)
  t.equal(allowed(hedging, 100, 0.05, 1000, slow), 0)
})

test('a node is silent — when it owes five answers at least, and has given none for half of the time that the attempt waits', async t => {
  const rows = [
    { inFlight: 5, answeredAt: null, silent: true },
    { inFlight: 5, answeredAt: 950, silent: true },
    { inFlight: 5, answeredAt: 951, silent: false },
    { inFlight: 4, answeredAt: 950, silent: false }
  ]
  for (const { inFlight, answeredAt, silent } of rows) {
    const hedging = hedgingWith(80)
    const node = { ...nodeWith('b'), inFlight }
    for (let count = 0; count < 80; count++) hedging.delayMs(0.95, 1000)
    t.equal(allowed(hedging, 10, 0.05, 1000, slow), 3)
    if (answeredAt !== null) hedging.responded({ node, number: 1, startedAt: 800, latencyMs: null }, { kind: 'response', statusCode: 200, latencyMs: answeredAt - 800 })
    hedging.responded({ node, number: 1, startedAt: 950, latencyMs: null }, { kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 1 })
    t.equal(hedging.allow({ node, number: 1, startedAt: 900, latencyMs: null }, 0.05, 1000), silent, `${inFlight} in flight, answered at ${answeredAt}`)
  }
})
