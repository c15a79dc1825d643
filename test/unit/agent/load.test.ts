import { performance } from 'node:perf_hooks'
import t from 'tap'
import { LoadSampler } from '../../../lib/agent/load.js'
import type { LoadSources } from '../../../lib/agent/load.js'
import { heartbeatBodyOf } from '../../../lib/heartbeat/schema.js'
import { ManualClock } from '../../support/clock.js'

function sampler (t: { teardown (task: () => void): void }, sources: Partial<LoadSources> = {}) {
  const clock = new ManualClock()
  const failures: unknown[] = []
  const load = new LoadSampler({ clock, inFlight: () => 3, underPressure: () => false, override: null, failed: error => failures.push(error), ...sources })
  load.start()
  t.teardown(() => load.stop())
  return { clock, failures, load }
}

/** Keeps the event loop busy, in real time: that is what is measured. */
function work (ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

t.test('a report says what is known at once; the event loop is unknown until a window has passed', async t => {
  const { load, clock } = sampler(t)
  t.match(load.report(), { eventLoopUtilization: null, eventLoopDelayMs: null, heapUsedBytes: Number, rssBytes: Number, inFlight: 3, underPressure: false })
  await clock.pass(249)
  t.equal(load.report().eventLoopUtilization, null)
  await clock.pass(1)
  t.type(load.report().eventLoopUtilization, 'number')
})

t.test('utilization is that of the window, not since the start of the process', async t => {
  const { load, clock } = sampler(t)
  work(50)
  await clock.pass(1000)
  t.ok(Number(load.report().eventLoopUtilization) > 0.5)
  await new Promise(resolve => setTimeout(resolve, 100))
  await clock.pass(1000)
  t.ok(Number(load.report().eventLoopUtilization) < 0.5)
})

t.test('beats that follow each other quickly report the same window', async t => {
  const { load, clock } = sampler(t)
  await clock.pass(1000)
  const first = load.report()
  work(20)
  await clock.pass(10)
  t.equal(load.report().eventLoopUtilization, first.eventLoopUtilization)
})

t.test('a window in which the loop did not turn has no delay: null, not NaN', async t => {
  const { load, clock } = sampler(t)
  await clock.pass(1000)
  load.report()
  await clock.pass(1000)
  t.equal(load.report().eventLoopDelayMs, null)
})

t.test('the app replaces fields; what JSON cannot say is null, what is not known is left out', async t => {
  const override = () => ({ eventLoopDelayMs: Infinity, eventLoopUtilization: 0.1, heapUsedBytes: NaN, rssBytes: 5, inFlight: 9, underPressure: true, more: 1 })
  const { load } = sampler(t, { override })
  t.same(load.report(), { eventLoopUtilization: 0.1, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: 5, inFlight: 9, underPressure: true })
})

t.test('a number that a gateway would refuse is unknown, and the rest of the report stands', async t => {
  for (const wrong of [-1, -0.001, 2 ** 53, NaN, -Infinity]) {
    const { load } = sampler(t, { override: () => ({ inFlight: wrong, heapUsedBytes: Number.MAX_SAFE_INTEGER, rssBytes: 0 }) })
    const report = load.report()
    t.match(report, { inFlight: null, heapUsedBytes: Number.MAX_SAFE_INTEGER, rssBytes: 0, underPressure: false }, String(wrong))
    t.doesNotThrow(() => heartbeatBodyOf({ service: 'orders', port: 3000, load: report }))
  }
})

t.test('fields that the app does not give stay', async t => {
  const { load } = sampler(t, { override: () => ({ inFlight: 0 }) })
  t.match(load.report(), { inFlight: 0, underPressure: false, rssBytes: Number })
})

t.test('a value of the wrong type is unknown', async t => {
  const { load } = sampler(t, { override: () => JSON.parse('{ "underPressure": "yes", "inFlight": "9" }') })
  t.match(load.report(), { underPressure: null, inFlight: null })
})

t.test('a load that throws is told once, and ignored', async t => {
  const { load, failures } = sampler(t, { override: () => { throw new Error('broken') } })
  t.match(load.report(), { inFlight: 3 })
  t.match(load.report(), { inFlight: 3 })
  t.match(failures, [{ message: 'broken' }])
  t.equal(failures.length, 1)
})
