import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'tap'
import { expiredNodes } from '../../../lib/health/expired-nodes.js'
import { nodeWith } from '../node/fixtures.js'
import type { AddressInfo } from 'node:net'
import type { Node, Outcome } from '../../../types/index.js'

const node = nodeWith({})
const ignore = (): void => {}
const attempt = { node, number: 1, startedAt: 0, latencyMs: null }

function reportedFor (outcome: Outcome): Node[] {
  const reported: Node[] = []
  expiredNodes({ refused: each => reported.push(each), answered: ignore }).settled?.(attempt, outcome)
  return reported
}

const failedWith = (error: Error): Outcome => ({ kind: 'error', error, sent: false, elapsedMs: 1 })

test('a refused connection is reported with its node', async t => {
  t.same(reportedFor(failedWith(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))), [node])
})

test('a host name of which every address refuses is a refused connection', async t => {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const error: Error = await fetch(`http://localhost:${port}`).then(() => new Error('it answered'), thrown => thrown.cause)
  t.same(reportedFor(failedWith(error)), [node])
})

test('nothing else is reported', async t => {
  const outcomes: readonly Outcome[] = [
    failedWith(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })),
    failedWith(new Error('without code')),
    { kind: 'response', statusCode: 502, latencyMs: 1 },
    { kind: 'aborted', elapsedMs: 1 }
  ]
  for (const outcome of outcomes) t.same(reportedFor(outcome), [], JSON.stringify(outcome))
})

test('an answer is reported from the end of the lease on, not before', async t => {
  const answered: Node[] = []
  const observer = expiredNodes({ refused: ignore, answered: each => answered.push(each) })
  const silent = nodeWith({ leaseUntil: 1000 })
  const settle = (latencyMs: number): void => observer.settled?.({ node: silent, number: 1, startedAt: 900, latencyMs }, { kind: 'response', statusCode: 500, latencyMs })
  settle(99)
  t.same(answered, [])
  settle(100)
  t.same(answered, [silent])
})
