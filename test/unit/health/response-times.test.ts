import { test } from 'tap'
import { ResponseTimes } from '../../../lib/health/response-times.js'
import { nodeWith } from '../node/fixtures.js'

const node = nodeWith({})

/** The times of responses that came at the same instant. */
function timesOf (latencies: Iterable<number>, at = 10_000): ResponseTimes {
  const times = new ResponseTimes()
  for (const latencyMs of latencies) respond(times, latencyMs, at)
  return times
}

function respond (times: ResponseTimes, latencyMs: number, at: number): void {
  times.responded({ node, number: 1, startedAt: at - latencyMs, latencyMs: null }, { kind: 'response', statusCode: 200, latencyMs })
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('fewer than a hundred responses tell nothing — a hundred do', async t => {
  t.equal(timesOf([]).percentile(0.95, 10_000), Infinity)
  t.equal(timesOf(counted(99)).percentile(0.95, 10_000), Infinity)
  t.equal(timesOf(counted(100)).percentile(0.95, 10_000), 95)
})

test('a percentile is the time that this share of the responses took at most', async t => {
  const rows: ReadonlyArray<readonly [share: number, ms: number]> = [[0, 0], [0.5, 100], [0.95, 190], [0.99, 198], [0.999, 199], [1, 199]]
  for (const [share, ms] of rows) t.equal(timesOf(counted(200)).percentile(share, 10_000), ms, String(share))
})

test('the order in which they came does not matter', async t => {
  t.equal(timesOf(counted(200).reverse()).percentile(0.95, 10_000), 190)
  t.equal(timesOf([...counted(100).map(() => 5), ...counted(100).map(() => 1000)]).percentile(0.5, 10_000), 1000, 'by number, not as text')
})

test('responses count for half a minute — t, t+1', async t => {
  t.equal(timesOf(counted(100), 10_000).percentile(0.5, 40_000), 50)
  t.equal(timesOf(counted(100), 10_000).percentile(0.5, 40_001), Infinity)
})

test('the newest thousand responses count', async t => {
  const times = timesOf(counted(1000).map(() => 1))
  for (const latencyMs of counted(1000).map(() => 7)) respond(times, latencyMs, 10_001)
  t.equal(times.percentile(0, 10_001), 7)
})

test('a percentile stands for three seconds — t-1, t', async t => {
  const times = timesOf(counted(100).map(() => 10))
  t.equal(times.percentile(0.5, 10_000), 10)
  for (const latencyMs of counted(200).map(() => 90)) respond(times, latencyMs, 10_001)
  t.equal(times.percentile(0.5, 12_999), 10)
  t.equal(times.percentile(0.95, 12_999), 90, 'each share for itself')
  t.equal(times.percentile(0.5, 13_000), 90)
})

test('only responses count', async t => {
  const times = timesOf(counted(99))
  times.responded({ node, number: 1, startedAt: 10_000, latencyMs: null }, { kind: 'aborted', elapsedMs: 5 })
  times.responded({ node, number: 1, startedAt: 10_000, latencyMs: null }, { kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 5 })
  t.equal(times.percentile(0.95, 10_000), Infinity)
})
