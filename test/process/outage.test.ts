import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { isQuiet, lasting, until } from '../support/process.js'
import { startGroup } from '../support/process-group.js'
import { failed, load } from '../support/process-load.js'
import { changesOf, nodesOf } from '../support/process-status.js'

const perSecond = 100
const outageMs = lasting(30_000, 15_000)

test(`an outage of every worker for ${outageMs / 1000} s — costs no more failover than the budget, and ends for all of them`, { timeout: 120_000 }, async t => {
  const group = await startGroup(t)
  const traffic = load(group.address, { perSecond })
  await sleep(2000)
  const brokenAt = performance.now()
  for (const worker of group.workers) worker.send('SIGUSR2')
  await sleep(outageMs)
  for (const worker of group.workers) worker.send('SIGUSR2')
  const healedAt = performance.now()
  const inOutage = traffic.shots.filter(({ startedAt }) => startedAt > brokenAt)
  const attempts = group.receivedByAll().length - traffic.shots.filter(({ endedAt }) => endedAt < brokenAt).length

  await until(async () => (await nodesOf(group.address, 'load')).every(({ state }) => state === 'warming' || state === 'up'), 'no node is ejected any more', 60_000)
  const returnedAt = performance.now()
  await sleep(14_000)
  const shots = await traffic.stop()

  const failovers = attempts - inOutage.length
  const ejections = changesOf(group.gateway).filter(({ reason }) => reason === 'ejected').length
  t.comment(`${inOutage.length} requests and ${failovers} failovers in the outage, ${ejections} ejections, the last one over ${Math.round(returnedAt - healedAt)} ms after it`)
  t.ok(failovers > 100, 'there was failover')
  t.ok(failovers <= 0.2 * inOutage.length + 10 * (outageMs / 1000 + 10) + 20, 'failover stayed within the budget')
  t.same(failed(shots).filter(({ startedAt }) => startedAt > returnedAt + 2000), [], 'nothing fails from 2 s after the last ejection on')
  t.same(failed(shots).filter(({ startedAt }) => startedAt > healedAt + 2000), [], 'nor from 2 s after the outage on: those that are not ejected serve')

  // what failures are taken for decays over most of a minute: until then a node gets less, but it gets some
  const served = shots.filter(({ startedAt }) => startedAt > returnedAt + 4000)
  const shares = group.workers.map(({ pid }) => served.filter(shot => shot.pid === pid).length / served.length)
  t.comment(`shares at the end: ${shares.map(share => share.toFixed(2)).join(', ')}`)
  for (const [index, share] of shares.entries()) t.ok(share > 0 && share < 1, `worker ${index + 1} is not stuck at nothing or at all`)
  t.same((await nodesOf(group.address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is left in flight')
  isQuiet(t, group.gateway, ...group.workers)
})
