import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { isQuiet, until } from '../support/process.js'
import { startGroup } from '../support/process-group.js'
import { failed, load, quantile } from '../support/process-load.js'
import { nodesOf } from '../support/process-status.js'

test('a killed worker — fails no GET and no POST that was not in flight on it, and is used again — under 500 requests a second', async t => {
  const group = await startGroup(t)
  const [victim, ...others] = group.workers
  const traffic = load(group.address, { perSecond: 500 })

  await sleep(3000)
  victim.send('SIGKILL')
  await victim.exited
  const deadAt = performance.now()
  await sleep(2000)
  const heir = await group.startWorker(victim.port)
  const backAt = performance.now()
  await until(() => group.received(heir.pid).length > 0, 'the worker that was started again has a request')
  const idleMs = Math.round(performance.now() - backAt)
  await sleep(Math.max(0, deadAt + 7000 - performance.now()))
  const shots = await traffic.stop()

  const failures = failed(shots)
  const onVictim = new Set(group.received(victim.pid))
  t.comment(`${shots.length} requests, median ${quantile(shots, 0.5)} ms, 99 % in ${quantile(shots, 0.99)} ms, all in ${quantile(shots, 1)} ms`)
  t.comment(`${failures.length} POSTs failed, ${failures.filter(({ id }) => onVictim.has(id)).length} of them received by the killed worker`)
  t.comment(`first request to the worker started again: ${idleMs} ms after it listened`)

  t.ok(shots.length > 1000, `${shots.length} requests were sent`)
  t.same(failures.filter(({ method }) => method === 'GET'), [], 'no GET failed')
  t.same(failures.filter(({ startedAt }) => startedAt >= deadAt), [], 'nothing failed that began after the kill')
  t.same(failures.filter(({ status }) => status !== 502), [], 'what failed was answered with 502')
  t.ok(failures.length < 30, 'no more failed than one node can have had in flight')
  t.ok(idleMs < 3000, 'the worker started again has traffic within 3 s')

  const posts = group.receivedByAll().filter(id => id.startsWith('POST'))
  t.same(posts.filter((id, index) => posts.indexOf(id) !== index), [], 'no POST was received twice')
  t.same((await nodesOf(group.address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is left in flight')
  isQuiet(t, group.gateway, heir, ...others)
})
