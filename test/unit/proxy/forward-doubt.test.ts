import { test } from 'tap'
import { forwardWith } from './forward-fixture.js'
import type { Test } from 'tap'
import type { ForwardFixture } from './forward-fixture.js'

// A node is ejected, or its lease ends, while a request waits for its response head.

const turn = async (): Promise<void> => { await new Promise(resolve => setImmediate(resolve)) }

const asked = ({ attempts }: ForwardFixture): string => attempts.map(({ node }) => node).join(' ')

/** A request that has been sent to `a`, and waits. */
function waitingAt (given: Parameters<typeof forwardWith>[0] = {}): ForwardFixture {
  const fixture = forwardWith(given)
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.clock.advance(20)
  return fixture
}

function checkOver (t: Test, { clock, nodes, service }: ForwardFixture): void {
  t.same(nodes.map(({ inFlight }) => inFlight), nodes.map(() => 0), 'nothing is in flight')
  t.equal(clock.timers, 0, 'no timer is left')
  t.equal(service.unanswered.length, 0, 'nobody waits for a response head')
}

async function finish (fixture: ForwardFixture): Promise<void> {
  const attempt = fixture.attempts.at(-1)
  attempt?.respond(200)
  attempt?.sending.onResponseEnd()
  await turn()
}

test('an idempotent request goes to another node at once', async t => {
  const fixture = waitingAt()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a b')
  t.same(fixture.attempts[0]?.aborts, ['abandoned'])
  t.same([fixture.told, fixture.settled], [['over from a'], ['a aborted after 20']], 'that is no failure of the node')
  fixture.attempts[1]?.connect()
  await finish(fixture)
  t.same(fixture.told, ['over from a', 'relay 200 undefined'])
  checkOver(t, fixture)
})

test('a request that may not be sent twice waits on, and gets the answer', async t => {
  const fixture = waitingAt({ idempotent: false, method: 'POST' })
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a')
  t.same(fixture.attempts[0]?.aborts, [])
  await finish(fixture)
  t.same(fixture.told, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('an attempt whose response head is here goes on', async t => {
  const fixture = waitingAt()
  fixture.attempts[0]?.respond(200)
  fixture.service.doubt('a')
  await turn()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a')
  t.same(fixture.told, ['relay 200 object'])
  fixture.attempts[0]?.sending.onResponseEnd()
  checkOver(t, fixture)
})

test('a doubt about another node changes nothing', async t => {
  const fixture = waitingAt()
  fixture.service.doubt('b')
  t.equal(asked(fixture), 'a')
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('a request that has nowhere else to go waits on', async t => {
  for (const given of [{ ids: ['a'] }, { admits: ({ id }: { id: string }) => id === 'a' }, { balance: { retryBudget: { ratio: 0, perSecond: 0 } } }]) {
    const fixture = waitingAt(given)
    fixture.service.doubt('a')
    t.equal(asked(fixture), 'a')
    await finish(fixture)
    t.same(fixture.told, ['relay 200 undefined'])
    checkOver(t, fixture)
  }
})

test('a request whose other nodes are full waits on, rather than for them', async t => {
  const fixture = forwardWith({ ids: ['a', 'b'], balance: { maxInFlight: 1 } })
  fixture.another({ admits: info => info.id === 'b' }).forward.start()
  fixture.forward.start()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'b a')
  t.equal(fixture.service.queued, 0)
})

test('the failover is charged to the retry budget, once', async t => {
  const fixture = waitingAt({ balance: { retryBudget: { ratio: 0, perSecond: 0.1 } } })
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a b')
  t.equal(fixture.service.budget.withdraw(fixture.clock.now()), false)
  fixture.forward.abort()
})

test('an attempt at a node in doubt counts — when no more are allowed the request waits on', async t => {
  const fixture = waitingAt({ balance: { attempts: 2 } })
  fixture.service.doubt('a')
  fixture.attempts[1]?.connect()
  fixture.service.doubt('b')
  t.equal(asked(fixture), 'a b')
  fixture.forward.abort()
})

test('a request that has one attempt waits on', async t => {
  const fixture = waitingAt({ balance: { attempts: 1 } })
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a')
  fixture.forward.abort()
})

test('all requests that wait for the node go elsewhere', async t => {
  const fixture = waitingAt()
  const others = [fixture.another(), fixture.another({ idempotent: false })]
  for (const { forward } of others) forward.start()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a a a b b')
  t.same(others.map(({ told }) => told), [['over from a'], []])
})

test('one that has not connected yet goes elsewhere, too', async t => {
  const fixture = forwardWith()
  fixture.forward.start()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a b')
  fixture.forward.abort()
  checkOver(t, fixture)
})

test('a hedged request is left to its other attempt — without another failover', async t => {
  const fixture = forwardWith({ hedge: { percentile: 0.95, maxRatio: 1 } })
  const sample = { node: fixture.nodes[0] as never, number: 1, startedAt: 950, latencyMs: null }
  for (let count = 0; count < 100; count++) fixture.service.hedging().responded(sample, { kind: 'response', statusCode: 200, latencyMs: 50 })
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.clock.advance(50)
  fixture.attempts[1]?.connect()
  fixture.service.doubt('a')
  t.equal(asked(fixture), 'a b')
  t.same(fixture.settled, ['a aborted after 50'])
  await finish(fixture)
  t.same(fixture.told, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('a filter that throws at a doubt ends its request', async t => {
  let asks = 0
  const fixture = waitingAt({
    admits: () => {
      if (++asks > 3) throw new Error('a mistake of the app')
      return true
    }
  })
  fixture.service.doubt('a')
  t.same(fixture.told, ['fail a mistake of the app'])
  checkOver(t, fixture)
})
