import { test } from 'tap'
import { Traffic } from '../../../lib/health/traffic.js'
import { nodeWith } from '../node/fixtures.js'
import type { Attempt, Node, Outcome } from '../../../types/index.js'

const attemptAt = (node: Node): Attempt => ({ node, number: 1, startedAt: 0, latencyMs: null })
const answered = (latencyMs: number, statusCode = 200): Outcome => ({ kind: 'response', statusCode, latencyMs })
const failed: Outcome = { kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 900 }

test('a node without traffic has none', async t => {
  const traffic = new Traffic()
  t.same(traffic.of(nodeWith({})), { latencyMs: null, requests: 0, failures: 0 })
  t.ok(Object.isFrozen(traffic.of(nodeWith({}))))
})

test('every settled attempt is a request, and a failure when it counts against the node', async t => {
  const traffic = new Traffic()
  const node = nodeWith({})
  for (const outcome of [answered(10), answered(10, 404), answered(10, 503), failed, { kind: 'aborted', elapsedMs: 5 } as const]) traffic.settled(attemptAt(node), outcome)
  t.match(traffic.of(node), { requests: 5, failures: 2 })
})

test('the latency begins with the first response and moves by a tenth with each', async t => {
  const traffic = new Traffic()
  const node = nodeWith({})
  const latencyAfter = (outcome: Outcome): number | null => {
    traffic.settled(attemptAt(node), outcome)
    return traffic.of(node).latencyMs
  }
  t.equal(latencyAfter(failed), null, 'an error has no response head')
  t.equal(latencyAfter(answered(100)), 100)
  t.equal(latencyAfter(answered(200)), 110)
  t.equal(latencyAfter(failed), 110)
  t.equal(latencyAfter({ kind: 'aborted', elapsedMs: 5000 }), 110, 'the client left')
  t.equal(latencyAfter(answered(0)), 99, '0 is a latency')
})

test('each node has its own traffic, and a new process of the same node begins without', async t => {
  const traffic = new Traffic()
  const [old, other] = [nodeWith({}), nodeWith({})]
  traffic.settled(attemptAt(old), answered(10))
  t.match(traffic.of(old), { requests: 1 })
  t.match(traffic.of(other), { requests: 0 })
})
