import { test } from 'tap'
import { Latency } from '../../../lib/strategies/latency.js'

const rounded = (value: number): number => Math.round(value * 100) / 100

/** A latency after answers, as pairs of latency and instant. */
function answered (...answers: ReadonlyArray<readonly [latencyMs: number, at: number]>): Latency {
  const latency = new Latency()
  for (const [latencyMs, at] of answers) latency.answer(latencyMs, at)
  return latency
}

test('a latency — takes a rise at once and lets a fall decay with 10 s', async t => {
  const latency = new Latency()
  const samples: ReadonlyArray<readonly [at: number, latencyMs: number, value: number]> =
    [[0, 10, 10], [1_000, 100, 100], [2_000, 10, 91.44], [12_000, 10, 39.96], [22_000, 0, 14.7]]
  for (const [at, latencyMs, value] of samples) {
    latency.answer(latencyMs, at)
    t.equal(rounded(latency.valueAt(at)), value, `oracle O41 at ${at} ms`)
  }
})

test('a latency — decays without news, and asking changes nothing', async t => {
  const latency = answered([5_000, 0])
  t.equal(rounded(latency.valueAt(46_051.7)), 50, 'oracle O43: 46.05 s to 50 ms')
  t.equal(rounded(latency.valueAt(62_146.1)), 10, 'oracle O43: 62.15 s to 10 ms')
  t.equal(rounded(latency.valueAt(10_000)), 1_839.4, 'oracle O49: 1.84 s after 10 s')
  latency.answer(100, 10_000)
  t.equal(rounded(latency.valueAt(10_000)), rounded(100 + 4_900 / Math.E), 'as if nobody had asked')
})

test('a latency — holds a peak — while it is confirmed', async t => {
  const latency = new Latency()
  for (const at of [0, 1_000, 2_000]) latency.fail(5_000, at)
  t.equal(latency.valueAt(2_000), 5_000, 'oracle O50')
})

test('a latency — is no lower after a slower answer than after a faster one', async t => {
  const values = [0, 20, 49, 51, 60, 99, 100, 101, 300].map(next => answered([100, 0], [next, 7_000]).valueAt(7_000))
  t.same(values, values.toSorted((a, b) => a - b), 'compared with what was left of the peak, 51 would give 51 and 49 give 74.5')
})

test('a latency — is not carried back — by an answer that comes late', async t => {
  t.equal(answered([40, 2_000], [10, 1_000]).valueAt(2_000), 40, 'a lower one changes nothing')
  t.equal(answered([40, 2_000], [80, 1_000]).valueAt(2_000), 80, 'a higher one counts from the newest on')
})

test('a latency — is never lowered by a failure', async t => {
  const latency = new Latency()
  latency.fail(60_000, 0)
  latency.fail(5_000, 1_000)
  t.ok(latency.valueAt(1_000) > 60_000 * Math.exp(-0.1))
})

test('a latency — is raised by a longer wait and ignores a shorter one', async t => {
  const latency = answered([100, 0])
  latency.wait(36, 10_000)
  t.equal(rounded(latency.valueAt(10_000)), 36.79)
  latency.wait(37, 10_000)
  t.equal(latency.valueAt(10_000), 37)
})

test('a latency — is known after any news, and sound while the newest is an answer', async t => {
  const latency = new Latency()
  const states = [() => {}, () => latency.fail(5_000, 0), () => latency.answer(10, 1), () => latency.wait(1, 2), () => latency.wait(9_000, 3)]
    .map(step => {
      step()
      return [latency.isKnown, latency.isSound]
    })
  t.same(states, [[false, false], [true, false], [true, true], [true, true], [true, false]])
})

test('a guess — replaces the one before, decays and is no news', async t => {
  const latency = new Latency()
  t.ok(Number.isNaN(latency.valueAt(0)), 'not even a guess')
  latency.guess(20, 0)
  latency.guess(30, 0)
  t.equal(latency.valueAt(0), 30)
  t.equal(rounded(latency.valueAt(10_000)), 11.04)
  t.equal(latency.isKnown, false)
})

test('a guess — is forgotten with the first answer and changes nothing later', async t => {
  const latency = new Latency()
  latency.guess(500, 0)
  latency.answer(20, 1_000)
  latency.guess(1, 1_000)
  t.equal(latency.valueAt(1_000), 20)
})

test('a guess — is raised by a longer wait', async t => {
  const latency = new Latency()
  latency.wait(3_000, 3_000)
  t.equal(latency.isKnown, false, 'nothing to compare with yet')
  latency.guess(30, 3_000)
  latency.wait(29, 3_000)
  t.equal(latency.isKnown, false)
  latency.wait(31, 3_000)
  t.equal(latency.isKnown, true)
  t.equal(latency.valueAt(3_000), 31)
})

test('decayed — goes both ways along the same curve', async t => {
  t.equal(rounded(Latency.decayed(100, 0, 10_000)), 36.79)
  t.equal(rounded(Latency.decayed(Latency.decayed(100, 0, 10_000), 10_000, 0)), 100)
})
