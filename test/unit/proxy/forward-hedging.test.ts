import { test } from 'tap'
import { forwardWith } from './forward-fixture.js'
import type { Test } from 'tap'
import type { ForwardFixture, PlayedAttempt } from './forward-fixture.js'

// A request of which the first attempt is slower than most is sent to a second node as well.

const turn = async (): Promise<void> => { await new Promise(resolve => setImmediate(resolve)) }

/** A service that answers within 50 ms, so that requests are hedged after that. */
function hedgedWith (given: Parameters<typeof forwardWith>[0] = {}, samples = 100): ForwardFixture {
  const fixture = forwardWith({ ...given, balance: { hedge: { maxRatio: 1 }, ...given.balance } })
  const attempt = { node: fixture.nodes[0] as never, number: 1, startedAt: 950, latencyMs: null }
  for (let count = 0; count < samples; count++) fixture.service.hedging().responded(attempt, { kind: 'response', statusCode: 200, latencyMs: 50 })
  return fixture
}

/** Both attempts of a hedged request: at `a`, begun at 0, and at `b`, begun at 50. */
function race (fixture: ForwardFixture): [PlayedAttempt, PlayedAttempt] {
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.clock.advance(50)
  fixture.attempts[1]?.connect()
  const [first, second] = fixture.attempts
  if (first === undefined || second === undefined) throw new Error('it was not hedged')
  return [first, second]
}

const asked = ({ attempts }: ForwardFixture): string => attempts.map(({ node }) => node).join(' ')

/** Lets a response head come, and its end. */
async function answer (attempt: PlayedAttempt | undefined, statusCode: number): Promise<void> {
  attempt?.respond(statusCode)
  attempt?.sending.onResponseEnd()
  await turn()
}

function checkOver (t: Test, { clock, nodes, service }: ForwardFixture): void {
  t.same(nodes.map(({ inFlight }) => inFlight), nodes.map(() => 0), 'nothing is in flight')
  t.equal(clock.timers, 0, 'no timer is left')
  t.equal(service.unanswered.length, 0, 'nobody waits for a response head')
}

test('a request is sent to a second node when the first has taken longer than most — not before', async t => {
  const fixture = hedgedWith()
  fixture.forward.start()
  fixture.clock.advance(49)
  t.equal(asked(fixture), 'a')
  fixture.clock.advance(1)
  t.equal(asked(fixture), 'a b')
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('a request is hedged once', async t => {
  const fixture = hedgedWith()
  race(fixture)
  fixture.clock.advance(10_000)
  t.equal(asked(fixture), 'a b')
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('a request that is answered in time is not hedged', async t => {
  const fixture = hedgedWith()
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.clock.advance(49)
  fixture.attempts[0]?.respond(200)
  await turn()
  fixture.clock.advance(1000)
  t.equal(asked(fixture), 'a', 'though its body still flows')
  fixture.attempts[0]?.sending.onResponseEnd()
  checkOver(t, fixture)
})

test('the first good answer wins, and the other attempt is aborted — whichever it is', async t => {
  for (const winner of [0, 1] as const) {
    const fixture = hedgedWith()
    const both = race(fixture)
    fixture.clock.advance(10)
    await answer(both[winner], 200)
    t.same(fixture.told, ['relay 200 undefined'])
    t.same(both[1 - winner]?.aborts, ['abandoned'])
    t.same(fixture.settled, winner === 0 ? ['b aborted after 10', 'a 200 after 60'] : ['a aborted after 60', 'b 200 after 10'])
    checkOver(t, fixture)
  }
})

test('what the loser still says changes nothing', async t => {
  const fixture = hedgedWith()
  const [first, second] = race(fixture)
  second.respond(200)
  await answer(first, 200)
  first.fail('ECONNRESET')
  second.sending.onResponseEnd()
  await turn()
  t.same(fixture.told, ['relay 200 object'])
  checkOver(t, fixture)
})

test('any answer below 500 but 429 is good', async t => {
  for (const status of [200, 204, 301, 304, 400, 404, 499]) {
    const fixture = hedgedWith()
    const [first] = race(fixture)
    await answer(first, status)
    t.same(fixture.told, [`relay ${status} undefined`])
    checkOver(t, fixture)
  }
})

test('a bad answer of one waits for the other', async t => {
  for (const status of [429, 500, 501, 502, 503, 504]) {
    for (const bad of [0, 1] as const) {
      const fixture = hedgedWith()
      const both = race(fixture)
      await answer(both[bad], status)
      t.same(fixture.told, [], `${status}`)
      t.same(fixture.settled, [bad === 0 ? `a ${status} after 50` : `b ${status} after 0`])
      await answer(both[1 - bad], 200)
      t.same(fixture.told, ['relay 200 undefined'])
      checkOver(t, fixture)
    }
  }
})

test('a failure of one waits for the other — and counts against its node', async t => {
  for (const failed of [0, 1] as const) {
    const fixture = hedgedWith()
    const both = race(fixture)
    both[failed].fail('ECONNRESET')
    t.same(fixture.told, [])
    t.same(fixture.settled, [failed === 0 ? 'a failed after 50' : 'b failed after 0'])
    await answer(both[1 - failed], 200)
    t.same(fixture.told, ['relay 200 undefined'])
    checkOver(t, fixture)
  }
})

test('both answer badly — the answer of the last is relayed', async t => {
  const fixture = hedgedWith({ balance: { attempts: 2 } })
  const [first, second] = race(fixture)
  await answer(second, 502)
  await answer(first, 503)
  t.same(fixture.told, ['relay 503 undefined'])
  checkOver(t, fixture)
})

test('both fail — that of the last is the failure of the request', async t => {
  const fixture = hedgedWith({ balance: { attempts: 2 } })
  const [first, second] = race(fixture)
  first.fail('ECONNRESET')
  second.fail('ECONNRESET')
  t.same(fixture.told, ['fail FST_BALANCE_UPSTREAM'])
  checkOver(t, fixture)
})

test('both fail while attempts are left — a third node is asked, and no node twice', async t => {
  const fixture = hedgedWith()
  const [first, second] = race(fixture)
  first.fail('ECONNRESET')
  await answer(second, 503)
  t.equal(asked(fixture), 'a b c')
  fixture.attempts[2]?.connect()
  await answer(fixture.attempts[2], 200)
  t.same(fixture.told, ['over from b', 'relay 200 undefined'])
  checkOver(t, fixture)
})

test('an attempt that times out leaves the race to the other', async t => {
  const fixture = hedgedWith({ attemptTimeoutMs: 100 })
  const [first, second] = race(fixture)
  fixture.clock.advance(50)
  t.same(first.aborts, ['abandoned'])
  t.same(fixture.settled, ['a failed after 100'])
  await answer(second, 200)
  t.same(fixture.told, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('the deadline ends both', async t => {
  const fixture = hedgedWith({ balance: { timeoutMs: 200 } })
  const both = race(fixture)
  fixture.clock.advance(150)
  t.same(fixture.told, ['fail FST_BALANCE_TIMEOUT'])
  t.same(both.map(({ aborts }) => aborts), [['abandoned'], ['abandoned']])
  t.same(fixture.settled.toSorted(), ['a aborted after 200', 'b aborted after 150'])
  checkOver(t, fixture)
})

test("the client's abort ends both, and none counts as a failure", async t => {
  const fixture = hedgedWith()
  const both = race(fixture)
  fixture.forward.abort()
  t.same(both.map(({ aborts }) => aborts), [['abandoned'], ['abandoned']])
  t.same([fixture.told, fixture.settled], [[], ['a aborted after 50', 'b aborted after 0']])
  checkOver(t, fixture)
})

test('a client that leaves before is not hedged', async t => {
  const fixture = hedgedWith()
  fixture.forward.start()
  fixture.forward.abort()
  fixture.clock.advance(50)
  t.equal(asked(fixture), 'a')
  checkOver(t, fixture)
})

test('a winner that breaks off within its body breaks the answer — the loser is gone', async t => {
  const fixture = hedgedWith()
  const [first] = race(fixture)
  first.respond(200)
  await turn()
  first.fail('ECONNRESET')
  t.same(fixture.told, ['relay 200 object'])
  t.same(fixture.settled, ['b aborted after 0', 'a failed after 50'])
  checkOver(t, fixture)
})

test('a winner that breaks off in the turn of its head goes to the third node', async t => {
  const fixture = hedgedWith()
  const [first] = race(fixture)
  first.respond(200)
  first.fail('ECONNRESET')
  await turn()
  t.equal(asked(fixture), 'a b c')
  fixture.attempts[2]?.connect()
  await answer(fixture.attempts[2], 200)
  t.same(fixture.told, ['over from a', 'relay 200 undefined'])
  checkOver(t, fixture)
})

test('a request is not hedged — when that is off, too little is known, or there is nobody else', async t => {
  const rows: ReadonlyArray<readonly [why: string, fixture: ForwardFixture]> = [
    ['off', hedgedWith({ hedge: false })],
    ['99 responses', hedgedWith({}, 99)],
    ['one node', hedgedWith({ ids: ['a'] })],
    ['the filter admits one', hedgedWith({ admits: info => info.id === 'a' })],
    ['one attempt is allowed', hedgedWith({ balance: { attempts: 1 } })],
    ['beyond the share', hedgedWith({ hedge: { percentile: 0.95, maxRatio: 0.5 } })],
    ['no budget', hedgedWith({ balance: { retryBudget: { ratio: 0, perSecond: 0 } } })]
  ]
  for (const [why, fixture] of rows) {
    fixture.forward.start()
    fixture.attempts[0]?.connect()
    fixture.clock.advance(20_000)
    t.equal(asked(fixture), 'a', why)
    fixture.forward.abort()
    checkOver(t, fixture)
  }
})

test('a request is not hedged to a node that is full', async t => {
  const fixture = hedgedWith({ ids: ['a', 'b'], balance: { maxInFlight: 1 } })
  fixture.another({ admits: info => info.id === 'b', hedge: false }).forward.start()
  fixture.forward.start()
  fixture.clock.advance(50)
  t.equal(asked(fixture), 'b a')
})

test('a request that waits for a node is not hedged', async t => {
  const fixture = hedgedWith({ ids: ['a'], balance: { maxInFlight: 1 } })
  fixture.another({ hedge: false }).forward.start()
  fixture.forward.start()
  fixture.clock.advance(50)
  t.equal(asked(fixture), 'a')
  fixture.forward.abort()
})

test('no more requests are hedged than their share', async t => {
  const fixture = hedgedWith({ hedge: { percentile: 0.95, maxRatio: 0.05 } })
  const requests = Array.from({ length: 40 }, () => fixture.another({ hedge: { percentile: 0.95, maxRatio: 0.05 } }))
  for (const { forward } of requests) forward.start()
  fixture.clock.advance(50)
  t.equal(fixture.attempts.length, 42)
  for (const { forward } of requests) forward.abort()
  checkOver(t, fixture)
})

test('a request that may not be hedged yet is hedged when it has waited for three times as long, and may be then', async t => {
  const hedge = { percentile: 0.95, maxRatio: 0.05 }
  const fixture = hedgedWith({ hedge })
  fixture.forward.start()
  fixture.clock.advance(50)
  fixture.clock.advance(99)
  t.equal(asked(fixture), 'a', 'of one request none may be hedged')
  const requests = Array.from({ length: 30 }, () => fixture.another({ hedge }))
  for (const { forward } of requests) forward.start()
  t.equal(fixture.attempts.length, 31)
  fixture.clock.advance(1)
  t.equal(fixture.attempts.length, 32)
  for (const { forward } of [fixture, ...requests]) forward.abort()
  checkOver(t, fixture)
})

test('the percentile decides how long the first attempt is waited for', async t => {
  const fixture = hedgedWith({ hedge: { percentile: 0.99, maxRatio: 1 } }, 200)
  const attempt = { node: fixture.nodes[0] as never, number: 1, startedAt: 700, latencyMs: null }
  for (let count = 0; count < 5; count++) fixture.service.hedging().responded(attempt, { kind: 'response', statusCode: 200, latencyMs: 300 })
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.clock.advance(299)
  t.equal(asked(fixture), 'a')
  fixture.clock.advance(1)
  t.equal(asked(fixture), 'a b')
  fixture.forward.abort()
})

test('a strategy that throws as the second attempt begins ends the request, and both attempts', async t => {
  const fixture = hedgedWith({ watch: { started: ({ node }) => { if (node.info.id === 'b') throw new Error('a mistake of the app') } } })
  fixture.forward.start()
  fixture.clock.advance(50)
  t.same(fixture.told, ['fail a mistake of the app'])
  checkOver(t, fixture)
})

test('a strategy that throws as an attempt is settled leaves nothing in flight — though two run', async t => {
  const fixture = hedgedWith({ watch: { settled: ({ node }) => { if (node.info.id === 'a') throw new Error('a mistake of the app') } } })
  const both = race(fixture)
  fixture.forward.abort()
  t.same(both.map(({ aborts }) => aborts), [['abandoned'], ['abandoned']])
  checkOver(t, fixture)
})
