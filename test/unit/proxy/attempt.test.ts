import { test } from 'tap'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { nodeWith } from './fixtures.js'
import type { Attempt, AttemptObserver, Outcome } from '../../../types/attempt.js'

const response: Outcome = { kind: 'response', statusCode: 200, latencyMs: 5 }
const aborted: Outcome = { kind: 'aborted', elapsedMs: 9 }

function recorder (): { observer: AttemptObserver, steps: Array<[step: string, attempt: Attempt, outcome?: Outcome]> } {
  const steps: Array<[string, Attempt, Outcome?]> = []
  return {
    steps,
    observer: {
      started: attempt => steps.push(['started', attempt]),
      responded: (attempt, outcome) => steps.push(['responded', attempt, outcome]),
      settled: (attempt, outcome) => steps.push(['settled', attempt, outcome])
    }
  }
}

test('an attempt — is in flight from its making to its settling', async t => {
  const node = nodeWith('a')
  const attempt = new RunningAttempt(node, 2, 100, [])
  t.match(attempt, { node, number: 2, startedAt: 100 })
  t.equal(node.inFlight, 1)
  attempt.respond(response)
  t.equal(node.inFlight, 1, 'the head alone ends nothing')
  attempt.settle(response)
  t.equal(node.inFlight, 0)
})

test('an attempt — tells every observer each step once, in order — however often it is settled', async t => {
  const recorders = [recorder(), recorder()]
  const attempt = new RunningAttempt(nodeWith('a'), 1, 0, [...recorders.map(({ observer }) => observer), {}])
  attempt.respond(response)
  attempt.settle(response)
  attempt.settle(aborted)
  for (const { steps } of recorders) t.same(steps, [['started', attempt], ['responded', attempt, response], ['settled', attempt, response]])
})

test('a settled attempt — leaves the other attempts of its node in flight', async t => {
  const node = nodeWith('a')
  const first = new RunningAttempt(node, 1, 0, [])
  const second = new RunningAttempt(node, 1, 0, [])
  first.settle(aborted)
  first.settle(aborted)
  t.equal(node.inFlight, 1)
  second.settle(aborted)
  t.equal(node.inFlight, 0)
})

test('an observer — already finds the node in flight when it starts, and free when it settles', async t => {
  const node = nodeWith('a')
  const seen: number[] = []
  new RunningAttempt(node, 1, 0, [{ started: () => seen.push(node.inFlight), settled: () => seen.push(node.inFlight) }]).settle(aborted)
  t.same(seen, [1, 0])
})
