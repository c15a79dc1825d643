import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { addressOf, isQuiet, startNode } from '../support/process.js'
import { startGroup } from '../support/process-group.js'
import { failed, load, quantile } from '../support/process-load.js'
import { changesOf, nodesOf, nodesUp } from '../support/process-status.js'

test('a gateway that stood still for 10 s — expires nobody and goes on — after SIGSTOP and SIGCONT', async t => {
  const { gateway, address, workers } = await startGroup(t)
  const traffic = load(address, { perSecond: 20 })
  await sleep(1000)

  gateway.send('SIGSTOP')
  await sleep(10_000)
  gateway.send('SIGCONT')
  await sleep(4000)
  const shots = await traffic.stop()

  t.comment(`${shots.length} requests, the longest took ${quantile(shots, 1)} ms`)
  t.same(failed(shots), [], 'every request was answered, also those that came meanwhile')
  t.same(changesOf(gateway).filter(({ to }) => to === null || to === 'expired'), [], 'no node has expired')
  t.same((await nodesOf(address, 'load')).map(({ state, inFlight }) => ({ state, inFlight })), Array(3).fill({ state: 'up', inFlight: 0 }))
  isQuiet(t, gateway, ...workers)
})

test('a gateway that is started again — knows its nodes within about one heartbeat — without their being started again', async t => {
  const { gateway, address, workers } = await startGroup(t)
  gateway.send('SIGKILL')
  await gateway.exited
  await sleep(2000)

  const next = startNode(t, 'test/process/fixtures/gateway.js', { PORT: new URL(address).port }, 'the next gateway')
  await addressOf(next)
  const backAt = performance.now()
  await nodesUp(address, 'load', 3)
  const knownMs = Math.round(performance.now() - backAt)

  t.comment(`all nodes were known ${knownMs} ms after the gateway listened`)
  t.ok(knownMs < 2500, 'all nodes are known')
  t.equal((await fetch(`${address}/GET-1`, { headers: { 'x-request': 'GET-1' } })).status, 200, 'and take requests')
  t.same(changesOf(next).map(({ to, reason }) => ({ to, reason })), Array(3).fill({ to: 'up', reason: 'registered' }), 'none of them has to warm up')
  isQuiet(t, gateway, next, ...workers)
})
