import { test } from 'tap'
import { adaptive } from '../../../lib/strategies/adaptive.js'
import { seeded } from '../../support/random.js'
import { aborted, contextAt, error, makeAttempt, makeEqual, response, tell } from './fixtures.js'
import type { Outcome } from '../../../types/attempt.js'
import type { Node } from '../../../types/node.js'
import type { Strategy } from '../../../types/strategy.js'
import type { Test } from 'tap'
import type { OpenNode } from './fixtures.js'

/** Asserts what a node is taken for, ms, by setting it beside one that is a little slower and one that is a little faster. */
function isTakenFor (t: Test, strategy: Strategy, node: OpenNode, latencyMs: number, now: number): void {
  const pickedAgainst = (rivalMs: number): Node => {
    const [rival] = makeEqual(1)
    tell(strategy, rival.node, response(rivalMs), now)
    return strategy.pick([rival, { node, weight: 1 }], contextAt(now)).node
  }
  t.equal(pickedAgainst(latencyMs * 1.001), node, `at most ${latencyMs} ms`)
  t.not(pickedAgainst(latencyMs * 0.999), node, `at least ${latencyMs} ms`)
}

const failures: ReadonlyArray<readonly [name: string, outcome: Outcome, takenForMs: number]> = [
  ['a 503 after 1 ms (oracle O47)', response(1, 503), 5_000],
  ['a 429 with Retry-After 30 (oracle O48)', response(1, 429, 30_000), 30_000],
  ['a refused connection', error(1, false), 5_000],
  ['a timeout after 20 s', error(20_000), 20_000]
]

for (const [name, outcome, takenForMs] of failures) {
  test(`adaptive — takes a node for ${takenForMs} ms — after ${name}`, async t => {
    const strategy = adaptive(seeded())
    const [{ node }] = makeEqual(1)
    tell(strategy, node, response(10), 90_000)
    tell(strategy, node, outcome, 100_000)
    isTakenFor(t, strategy, node, takenForMs, 100_000)
  })
}

test('adaptive — learns at the response head and not again at the end of the body', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  const outcome = response(50)
  const attempt = makeAttempt(node, 950, 50)
  strategy.responded?.(attempt, outcome)
  isTakenFor(t, strategy, node, 50, 1_000)
  tell(strategy, node, response(10), 2_000)
  const before = 10 + 40 * Math.exp(-0.1)
  strategy.settled?.(attempt, outcome)
  isTakenFor(t, strategy, node, before, 2_000)
})

test('adaptive — learns at the end — from a response whose head it was not told of', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  strategy.settled?.(makeAttempt(node, 950), response(50))
  isTakenFor(t, strategy, node, 50, 1_000)
})

test('adaptive — counts a body that broke as 5 s, however long it had flowed', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  const attempt = makeAttempt(node, 0, 10)
  strategy.responded?.(attempt, response(10))
  strategy.settled?.(attempt, error(600_000))
  isTakenFor(t, strategy, node, 5_000, 600_000)
})

test('adaptive — learns nothing — from a client that left while the body flowed', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  const attempt = makeAttempt(node, -100, 100)
  strategy.responded?.(attempt, response(100))
  strategy.settled?.(attempt, aborted(10_000))
  isTakenFor(t, strategy, node, 100 / Math.E, 10_000)
})

test('adaptive — raises the latency and counts no failure — when a client has left after 3 s without a response', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  tell(strategy, node, response(10), 0)
  tell(strategy, node, aborted(3_000), 3_000)
  isTakenFor(t, strategy, node, 3_000, 3_000)
})

test('adaptive — keeps the latency — when a client has left sooner than the node would have answered', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  tell(strategy, node, response(500), 0)
  tell(strategy, node, aborted(5), 0)
  isTakenFor(t, strategy, node, 500, 0)
})

test('adaptive — never lowers what a Retry-After asked for — when the node fails again at once', async t => {
  const strategy = adaptive(seeded())
  const [{ node }] = makeEqual(1)
  tell(strategy, node, response(1, 503, 60_000), 0)
  tell(strategy, node, response(1, 503), 0)
  isTakenFor(t, strategy, node, 60_000, 0)
})
