import fc from 'fast-check'
import { test } from 'tap'
import { ejectionMs, OutlierDetector } from '../../lib/health/outlier.js'
import { registryWith } from '../unit/registry/fixtures.js'
import type { EjectionRules } from '../../lib/health/outlier.js'
import type { RegistryFixture } from '../unit/registry/fixtures.js'
import type { Outcome } from '../../types/index.js'

const defaults: EjectionRules = {
  consecutive: 5, connect: 3, successRatio: 0.8, windowMs: 10_000, minRequests: 10, baseMs: 1000, maxMs: 60_000, maxRatio: 0.5
}
const ids = [...'abcdefghij']

const outcome: fc.Arbitrary<Outcome> = fc.constantFrom<Outcome>(
  { kind: 'response', statusCode: 200, latencyMs: 0 },
  { kind: 'response', statusCode: 500, latencyMs: 0 },
  { kind: 'response', statusCode: 429, latencyMs: 0 },
  { kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 0 },
  { kind: 'error', error: new Error('refused'), sent: false, elapsedMs: 0 },
  { kind: 'aborted', elapsedMs: 0 }
)

/** A run of equal outcomes at one node, after a while. */
const step = fc.record({
  afterMs: fc.oneof(fc.nat(20), fc.nat(2000), fc.nat(200_000)),
  index: fc.nat(ids.length - 1),
  outcome,
  count: fc.integer({ min: 1, max: 12 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
})
const scenario = fc.record({ nodes: fc.integer({ min: 1, max: ids.length }), maxRatio: fc.constantFrom(0, 0.1, 0.34, 0.5, 0.9, 1), steps: fc.array(step, { maxLength: 80 }) })

interface Played { readonly fixture: RegistryFixture, readonly detector: OutlierDetector, readonly ejected: () => number }

/** Plays a scenario on a real registry; `check` looks after each step. */
function play ({ nodes, maxRatio, steps }: typeof scenario extends fc.Arbitrary<infer T> ? T : never, check: (played: Played) => void): void {
  const fixture = registryWith({ nodes: ids.slice(0, nodes).map(id => ({ id })) })
  let chance = 0.5
  const detector = new OutlierDetector(() => ({ ...defaults, maxRatio }), fixture.registry, () => chance)
  const ejected = (): number => fixture.registry.nodes('orders').filter(({ state }) => state === 'ejected').length
  for (const { afterMs, index, outcome, count, random } of steps) {
    fixture.clock.advance(afterMs)
    chance = random
    const attempt = { node: fixture.node(ids[index % nodes] ?? 'a'), number: 1, startedAt: fixture.clock.now(), latencyMs: null }
    for (let times = 0; times < count; times++) detector.settled(attempt, outcome)
    check({ fixture, detector, ejected })
  }
}

test('ejection — never more nodes at once than their share, never the last one — whatever happens', async t => {
  fc.assert(fc.property(scenario, given => {
    play(given, ({ ejected }) => {
      t.ok(ejected() <= given.nodes * given.maxRatio, `${ejected()} of ${given.nodes}`)
      t.ok(ejected() < given.nodes, 'one is left')
    })
  }), { numRuns: 150 })
})

test('ejection — an ejected node returns after its time, without any traffic', async t => {
  fc.assert(fc.property(scenario, given => {
    play(given, ({ fixture }) => {
      for (const { ejectedMs } of fixture.registry.nodes('orders')) t.ok((ejectedMs ?? 0) <= 1.5 * defaults.maxMs)
    })
  }), { numRuns: 50 })
  fc.assert(fc.property(scenario, given => {
    const seen: RegistryFixture[] = []
    play(given, ({ fixture }) => seen.push(fixture))
    seen.at(-1)?.clock.advance(1.5 * defaults.maxMs + 10_250)
    t.same(seen.at(-1)?.registry.nodes('orders').filter(({ state }) => state !== 'up') ?? [], [])
  }), { numRuns: 100 })
})

test('ejection — the next is never shorter than the one before, with the same chance', async t => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (k, baseMs, maxMs, random) => {
    t.ok(ejectionMs(k + 1, { baseMs, maxMs }, random) >= ejectionMs(k, { baseMs, maxMs }, random))
    t.ok(ejectionMs(k, { baseMs, maxMs }, random) < 1.5 * maxMs + 1e-6)
  }))
})

test('ejection — a node that fails at every return is ejected for longer each time, up to the limit', async t => {
  fc.assert(fc.property(fc.array(fc.nat(59_000), { minLength: 2, maxLength: 20 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (pauses, random) => {
    const { registry, clock, node } = registryWith({ nodes: [{ id: 'a' }, { id: 'b' }] })
    const detector = new OutlierDetector(() => ({ ...defaults, consecutive: 1 }), registry, () => random)
    let lastMs = 0
    for (const pauseMs of pauses) {
      detector.settled({ node: node('a'), number: 1, startedAt: clock.now(), latencyMs: null }, { kind: 'response', statusCode: 500, latencyMs: 0 })
      const lengthMs = node('a').ejectedUntil - clock.now()
      t.ok(lengthMs >= lastMs - 1e-6, `${lengthMs} after ${lastMs}`)
      lastMs = lengthMs
      clock.advance(Math.ceil(lengthMs) + pauseMs)
    }
    t.equal(detector.of(node('a')).ejections, pauses.length)
  }), { numRuns: 50 })
})
