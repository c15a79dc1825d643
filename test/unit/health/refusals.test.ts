import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'tap'
import { refusals } from '../../../lib/health/refusals.js'
import { nodeWith } from '../node/fixtures.js'
import type { AddressInfo } from 'node:net'
import type { Node, Outcome } from '../../../types/index.js'

const node = nodeWith({})
const attempt = { node, number: 1, startedAt: 0, latencyMs: null }

function reportedFor (outcome: Outcome): Node[] {
  const reported: Node[] = []
  refusals(each => reported.push(each)).settled?.(attempt, outcome)
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
