import { test } from 'tap'
import { nodeWith } from './fixtures.js'
import { forwardWith } from './forward-fixture.js'
import type { Test } from 'tap'
import type { ForwardFixture, PlayedAttempt } from './forward-fixture.js'

// A request that finds no node waits: in the queue while all are full, at the start for the first to come.

const turn = async (): Promise<void> => { await new Promise(resolve => setImmediate(resolve)) }

/** Two nodes, each with room for one. */
const oneEach = { ids: ['a', 'b'], balance: { maxInFlight: 1, queue: { size: 2, timeoutMs: 500 } } } as const

/** Plays the newest attempt at a node to a good end. */
async function finish ({ attempts }: ForwardFixture, node: string): Promise<void> {
  const attempt = attempts.findLast(each => each.node === node)
  answer(attempt, 200)
  await turn()
}

function answer (attempt: PlayedAttempt | undefined, statusCode: number, headers = {}): void {
  attempt?.connect()
  attempt?.respond(statusCode, headers)
  attempt?.sending.onResponseEnd()
}

/** Begins so many requests; gives what their clients are told. */
function begin ({ another }: ForwardFixture, count: number, given: Parameters<ForwardFixture['another']>[0] = {}): string[][] {
  return Array.from({ length: count }, () => {
    const { forward, told } = another(given)
    forward.start()
    return told
  })
}

const asked = ({ attempts }: ForwardFixture): string => attempts.map(({ node }) => node).join(' ')

function checkOver (t: Test, { clock, nodes, service }: ForwardFixture): void {
  t.same(nodes.map(({ inFlight }) => inFlight), nodes.map(() => 0), 'nothing is in flight')
  t.equal(service.queued, 0, 'nobody waits')
  t.equal(clock.timers, 0, 'no timer is left')
}

test('a node that is full gets no request — the next is asked', async t => {
  const fixture = forwardWith(oneEach)
  begin(fixture, 2)
  t.equal(asked(fixture), 'a b')
  t.equal(fixture.service.queued, 0)
})

test('a request waits while every node is full, and goes to the first that is free', async t => {
  const fixture = forwardWith(oneEach)
  const [, , third] = begin(fixture, 3)
  t.equal(asked(fixture), 'a b')
  t.equal(fixture.service.queued, 1)
  await finish(fixture, 'b')
  t.equal(asked(fixture), 'a b b')
  t.equal(fixture.service.queued, 0)
  await finish(fixture, 'a')
  await finish(fixture, 'b')
  t.same(third, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('a node is free when its response has ended — not with its head', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  begin(fixture, 2)
  fixture.attempts[0]?.connect()
  fixture.attempts[0]?.respond(200)
  await turn()
  t.equal(asked(fixture), 'a')
  fixture.attempts[0]?.sending.onResponseEnd()
  await turn()
  t.equal(asked(fixture), 'a a')
  await finish(fixture, 'a')
  checkOver(t, fixture)
})

test('those who wait go on in the order in which they came', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  const clients = ['first', 'second', 'third'].map(path => fixture.another({ path }))
  for (const { forward } of clients) forward.start()
  await finish(fixture, 'a')
  await finish(fixture, 'a')
  await finish(fixture, 'a')
  t.same(fixture.attempts.map(({ options }) => options.path), ['first', 'second', 'third'])
  checkOver(t, fixture)
})

test('a request that waits ends with 503 after the time of the queue — t-1, t', async t => {
  const fixture = forwardWith(oneEach)
  const [, , third] = begin(fixture, 3)
  fixture.clock.advance(499)
  t.same(third, [])
  fixture.clock.advance(1)
  t.same(third, ['fail FST_BALANCE_QUEUE'])
  await finish(fixture, 'a')
  await finish(fixture, 'b')
  t.equal(asked(fixture), 'a b', 'it is not sent any more')
  checkOver(t, fixture)
})

test('a request for which the queue has no place ends with 503 at once', async t => {
  const fixture = forwardWith(oneEach)
  const clients = begin(fixture, 5)
  t.same(clients, [[], [], [], [], ['fail FST_BALANCE_QUEUE']])
  t.equal(fixture.service.queued, 2)
})

test('with a queue of size 0 nobody waits', async t => {
  const fixture = forwardWith({ ...oneEach, balance: { maxInFlight: 1, queue: { size: 0 } } })
  t.same(begin(fixture, 3), [[], [], ['fail FST_BALANCE_QUEUE']])
})

test('a client that leaves, leaves the queue — for one that comes', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  begin(fixture, 1)
  const leaving = fixture.another()
  leaving.forward.start()
  const [staying] = begin(fixture, 1)
  leaving.forward.abort()
  t.equal(fixture.service.queued, 1)
  await finish(fixture, 'a')
  await finish(fixture, 'a')
  t.same([leaving.told, staying], [[], ['relay 200 undefined']])
  t.equal(asked(fixture), 'a a')
  checkOver(t, fixture)
})

test('the deadline of a request ends its wait, as a timeout', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'], balance: { ...oneEach.balance, timeoutMs: 300 } })
  begin(fixture, 1)
  fixture.clock.advance(100)
  const [late] = begin(fixture, 1)
  fixture.attempts[0]?.connect()
  fixture.attempts[0]?.respond(200)
  fixture.clock.advance(299)
  t.same(late, [])
  fixture.clock.advance(1)
  t.same(late, ['fail FST_BALANCE_TIMEOUT'])
  t.equal(fixture.service.queued, 0)
})

test('a request that only full nodes may serve — lets those behind it pass', async t => {
  const fixture = forwardWith(oneEach)
  begin(fixture, 2)
  const picky = fixture.another({ path: 'picky', admits: info => info.id === 'a' })
  picky.forward.start()
  const easy = fixture.another({ path: 'easy' })
  easy.forward.start()
  await finish(fixture, 'b')
  t.same(fixture.attempts.map(({ options }) => options.path), ['/', '/', 'easy'])
  t.equal(fixture.service.queued, 1)
  await finish(fixture, 'a')
  t.equal(fixture.attempts.at(-1)?.options.path, 'picky')
  await finish(fixture, 'a')
  await finish(fixture, 'b')
  checkOver(t, fixture)
})

test('a request whose filter refuses every node does not wait', async t => {
  const fixture = forwardWith({ ...oneEach, admits: () => false })
  fixture.forward.start()
  t.same(fixture.told, ['fail FST_BALANCE_NO_NODE'])
})

test('a request waits for its only node — though others are free', async t => {
  const fixture = forwardWith(oneEach)
  begin(fixture, 1)
  const picky = fixture.another({ admits: info => info.id === 'a' })
  picky.forward.start()
  t.equal(fixture.service.queued, 1)
  await finish(fixture, 'a')
  t.equal(asked(fixture), 'a a')
})

test('a request that was not reached waits for another node that is full', async t => {
  const fixture = forwardWith(oneEach)
  begin(fixture, 1, { admits: info => info.id === 'b' })
  const { forward, told } = fixture.another()
  forward.start()
  fixture.attempts[1]?.fail('ECONNREFUSED')
  t.same([told, fixture.service.queued], [['over from a'], 1])
  await finish(fixture, 'b')
  t.equal(asked(fixture), 'b a b')
  await finish(fixture, 'b')
  t.same(told, ['over from a', 'relay 200 undefined'])
  checkOver(t, fixture)
})

test('a 503 is relayed — rather than waiting for a node that is full', async t => {
  const fixture = forwardWith(oneEach)
  begin(fixture, 1, { admits: info => info.id === 'b' })
  const { forward, told } = fixture.another()
  forward.start()
  answer(fixture.attempts[1], 503)
  await turn()
  t.same(told, ['relay 503 undefined'])
})

test('a request whose node is gone while it waits — waits on for another, and ends with 503', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  begin(fixture, 1)
  const [second] = begin(fixture, 1)
  fixture.offer()
  fixture.service.advance()
  await turn()
  t.equal(fixture.service.queued, 1)
  fixture.clock.advance(500)
  t.same(second, ['fail FST_BALANCE_NO_NODE'])
})

test('a node that comes is for those who wait', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  begin(fixture, 2)
  fixture.offer(...fixture.nodes, nodeWith('b'))
  fixture.service.advance()
  await turn()
  t.equal(asked(fixture), 'a b')
})

test('a filter that throws for one who waits ends his request alone', async t => {
  const fixture = forwardWith({ ...oneEach, ids: ['a'] })
  begin(fixture, 1)
  let asks = 0
  const { forward, told } = fixture.another({
    admits: () => {
      if (++asks > 1) throw new Error('a mistake of the app')
      return true
    }
  })
  forward.start()
  const [third] = begin(fixture, 1)
  await finish(fixture, 'a')
  t.same(told, ['fail a mistake of the app'])
  await finish(fixture, 'a')
  t.same(third, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('in warm-up a request waits for the first node, and goes to it', async t => {
  const fixture = forwardWith({ ids: [], warmUpMs: 2000 })
  fixture.forward.start()
  t.equal(fixture.service.queued, 1)
  fixture.clock.advance(1999)
  t.same(fixture.told, [])
  fixture.offer(nodeWith('a'))
  fixture.service.advance()
  await turn()
  t.equal(asked(fixture), 'a')
  await finish(fixture, 'a')
  t.same(fixture.told, ['relay 200 undefined'])
  checkOver(t, fixture)
})

test('in warm-up a request for which no node comes ends with 503 — t-1, t', async t => {
  const fixture = forwardWith({ ids: [], warmUpMs: 2000 })
  fixture.forward.start()
  fixture.clock.advance(1999)
  t.same(fixture.told, [])
  fixture.clock.advance(1)
  t.same(fixture.told, ['fail FST_BALANCE_NO_NODE'])
  checkOver(t, fixture)
})

test('after warm-up a request without nodes ends with 503 at once', async t => {
  const fixture = forwardWith({ ids: [] })
  fixture.forward.start()
  t.same(fixture.told, ['fail FST_BALANCE_NO_NODE'])
  checkOver(t, fixture)
})

test('in warm-up no more wait than the queue has places', async t => {
  const fixture = forwardWith({ ids: [], warmUpMs: 2000, balance: { queue: { size: 2 } } })
  t.same(begin(fixture, 3), [[], [], ['fail FST_BALANCE_NO_NODE']])
})

test('in warm-up a request that has failed on the only node does not wait for another', async t => {
  const fixture = forwardWith({ ids: ['a'], warmUpMs: 2000 })
  fixture.forward.start()
  fixture.attempts[0]?.fail('ECONNREFUSED')
  t.same(fixture.told, ['fail FST_BALANCE_UPSTREAM'])
  checkOver(t, fixture)
})

test('in warm-up a request whose other nodes go as it fails over does not wait for more', async t => {
  const fixture: ForwardFixture = forwardWith({ warmUpMs: 2000, watch: { settled: () => fixture.offer() } })
  fixture.forward.start()
  fixture.attempts[0]?.fail('ECONNREFUSED')
  t.same(fixture.told, ['over from a', 'fail FST_BALANCE_NO_NODE'])
  checkOver(t, fixture)
})

test('a client that leaves in warm-up waits no more', async t => {
  const fixture = forwardWith({ ids: [], warmUpMs: 2000 })
  fixture.forward.start()
  fixture.forward.abort()
  t.same(fixture.told, [])
  checkOver(t, fixture)
})

test('the retry budget — none left: the real answer is relayed', async t => {
  const fixture = forwardWith({ balance: { retryBudget: { ratio: 0, perSecond: 0 } } })
  fixture.forward.start()
  answer(fixture.attempts[0], 503)
  await turn()
  t.same(fixture.told, ['relay 503 undefined'])
  t.equal(asked(fixture), 'a')
  checkOver(t, fixture)
})

test('the retry budget — none left: a reset is a 502, a timeout a 504', async t => {
  const fixture = forwardWith({ balance: { retryBudget: { ratio: 0, perSecond: 0 }, attemptTimeoutMs: 100 } })
  fixture.forward.start()
  fixture.attempts[0]?.connect()
  fixture.attempts[0]?.fail('ECONNRESET')
  const [late] = begin(fixture, 1)
  fixture.attempts[1]?.connect()
  fixture.clock.advance(100)
  t.same([fixture.told, late], [['fail FST_BALANCE_UPSTREAM'], ['fail FST_BALANCE_TIMEOUT']])
  t.equal(fixture.attempts.length, 2)
  checkOver(t, fixture)
})

test('the retry budget — is charged once per failover', async t => {
  const fixture = forwardWith({ balance: { retryBudget: { ratio: 0, perSecond: 0.2 }, attempts: 3 } })
  fixture.forward.start()
  for (const index of [0, 1, 2]) answer(fixture.attempts[index], 503)
  await turn()
  t.same(fixture.told, ['over from a', 'over from b', 'relay 503 undefined'])
  const [second] = begin(fixture, 1)
  answer(fixture.attempts[3], 503)
  await turn()
  t.same(second, ['relay 503 undefined'], 'two failovers were all there was')
})

test('the retry budget — every request deposits', async t => {
  const fixture = forwardWith({ balance: { retryBudget: { ratio: 0.5, perSecond: 0 } } })
  const clients = Array.from({ length: 4 }, () => fixture.another())
  for (const [index, { forward }] of clients.entries()) {
    forward.start()
    answer(fixture.attempts.at(-1), index % 2 === 0 ? 503 : 200)
    await turn()
  }
  t.same(clients.map(({ told }) => told[0]), ['relay 503 undefined', 'relay 200 undefined', 'over from a', 'relay 200 undefined'])
})

test('the retry budget — is not charged for a node that was not reached, nor for one that drains', async t => {
  for (const fail of [(attempt?: PlayedAttempt) => attempt?.fail('ECONNREFUSED'), (attempt?: PlayedAttempt) => answer(attempt, 503, { 'x-balance-draining': '1' })]) {
    const fixture = forwardWith({ balance: { retryBudget: { ratio: 0, perSecond: 0 } }, idempotent: false })
    fixture.forward.start()
    fail(fixture.attempts[0])
    fail(fixture.attempts[1])
    answer(fixture.attempts[2], 200)
    await turn()
    t.same(fixture.told, ['over from a', 'over from b', 'relay 200 undefined'])
    checkOver(t, fixture)
  }
})

test('the retry budget — is not charged when there is nowhere to go', async t => {
  const fixture = forwardWith({ ids: ['a'], balance: { retryBudget: { ratio: 0, perSecond: 0.1 } } })
  fixture.forward.start()
  answer(fixture.attempts[0], 503)
  await turn()
  t.same(fixture.told, ['relay 503 undefined'])
  t.equal(fixture.service.budget.withdraw(fixture.clock.now()), true)
})
