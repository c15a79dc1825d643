import { test } from 'tap'
import { HeartbeatPace, intervalOf } from '../../../lib/heartbeat/limits.js'

test('the interval is stretched so that no more than 200 heartbeats come in a second', async t => {
  const rows: ReadonlyArray<readonly [size: number, configuredMs: number, intervalMs: number]> = [
    [0, 1000, 1000],
    [1, 1000, 1000],
    [200, 1000, 1000],
    [201, 1000, 2000],
    [400, 1000, 2000],
    [1000, 1000, 5000],
    [1001, 1000, 6000],
    [3000, 1000, 15000],
    [10000, 1000, 15000],
    [300, 1500, 1500],
    [10000, 20000, 20000],
    [1, 20, 20],
    [4, 20, 20],
    [5, 20, 1000]
  ]
  for (const [size, configuredMs, intervalMs] of rows) t.equal(intervalOf(size, configuredMs), intervalMs, `${size} nodes, ${configuredMs} ms`)
})

test('a node may send ten heartbeats at once, and then four per interval', async t => {
  const pace = new HeartbeatPace(10)
  for (let count = 0; count < 10; count++) t.equal(pace.take('a', 1000, 0), 0)
  t.equal(pace.take('a', 1000, 0), 250)
  t.equal(pace.take('a', 1000, 248), 2)
  t.equal(pace.take('a', 1000, 250), 0)
  t.equal(pace.take('a', 1000, 250), 250)
  t.equal(pace.take('b', 1000, 250), 0, 'each node has its own')
})

test('a burst is ten also where the sums of fractions are not exact', async t => {
  for (let now = 0.1; now < 100; now *= 1.37) {
    const pace = new HeartbeatPace(10)
    for (let count = 0; count < 10; count++) t.equal(pace.take('a', 1000 / 3, now), 0)
    t.ok(pace.take('a', 1000 / 3, now) > 80)
  }
})

test('a node at the pace it was told never waits', async t => {
  const pace = new HeartbeatPace(10)
  for (let count = 0; count < 1000; count++) t.equal(pace.take('a', 1000, count * 333.3), 0)
})

test('silence of an hour refills no more than a burst', async t => {
  const pace = new HeartbeatPace(10)
  pace.take('a', 1000, 0)
  for (let count = 0; count < 10; count++) t.equal(pace.take('a', 1000, 3_600_000), 0)
  t.ok(pace.take('a', 1000, 3_600_000) > 0)
})

test('when the interval becomes short again, nobody waits by the long one', async t => {
  const pace = new HeartbeatPace(10)
  for (let count = 0; count < 10; count++) pace.take('a', 15_000, 0)
  t.equal(pace.take('a', 1000, 0), 250)
})

test('no more nodes are remembered than told, and the one that was silent longest gives way', async t => {
  const pace = new HeartbeatPace(2)
  for (let count = 0; count < 10; count++) pace.take('a', 1000, 0)
  pace.take('b', 1000, 0)
  for (let count = 0; count < 9; count++) pace.take('b', 1000, 0)
  pace.take('c', 1000, 0)
  t.equal(pace.size, 2)
  t.equal(pace.take('b', 1000, 0), 250, 'b is remembered')
  t.equal(pace.take('a', 1000, 0), 0, 'a starts anew')
})

test('another allowance may be given', async t => {
  const pace = new HeartbeatPace(10, { burst: 2, perInterval: 1 })
  t.same([0, 0, 0, 999, 1000, 1000].map(now => pace.take('a', 1000, now)), [0, 0, 1000, 1, 0, 1000])
})

test('where nothing is remembered, nobody waits', async t => {
  const pace = new HeartbeatPace(0)
  for (let count = 0; count < 20; count++) t.equal(pace.take('a', 1000, 0), 0)
  t.equal(pace.size, 0)
})
