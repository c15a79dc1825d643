import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lost, selfOf, startGatewayGroup } from '../support/gateway-group.js'
import { isQuiet, lasting, needs, until } from '../support/process.js'
import { failed, load, quantile } from '../support/process-load.js'
import { changesOf, nodesOf, nodesUp } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { Test } from 'tap'
import type { GatewayGroup } from '../support/gateway-group.js'
import type { Shot } from '../support/process-load.js'

const options = { ...needs('redis-server'), timeout: 120_000 }

async function groupOnRedis (t: Test): Promise<GatewayGroup> {
  const redis = await startRedis(t)
  return await startGatewayGroup(t, { gateways: 2, workers: 4, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
}

function tell (t: Test, shots: readonly Shot[]): void {
  t.comment(`${shots.length} requests, ${failed(shots).length} failed, median ${quantile(shots, 0.5)} ms, 99 % in ${quantile(shots, 0.99)} ms, all in ${quantile(shots, 1)} ms`)
  t.ok(shots.length > 1000, `${shots.length} requests were sent`)
}

const addresses = ({ gateways }: GatewayGroup): string[] => gateways.map(({ address }) => address)

test('a killed gateway fails no request that was not in flight on it, and the other loses no node', options, async t => {
  const group = await groupOnRedis(t)
  const [victim, survivor] = group.gateways
  if (victim === undefined || survivor === undefined) throw new Error('two gateways were asked for')
  const traffic = load(addresses(group), { perSecond: 500 })

  await sleep(3000)
  victim.send('SIGKILL')
  await victim.exited
  await sleep(4500)
  const heir = await group.startGateway(new URL(victim.address).port)
  await sleep(3000)
  const shots = await traffic.stop()

  tell(t, shots)
  t.same(failed(shots), [], 'nothing failed: what was in flight on the killed gateway went to the other')
  t.same(lost(changesOf(survivor)), [], 'the survivor never lost a node')
  t.same((await nodesOf(heir.address, 'load')).map(({ state }) => state), ['up', 'up', 'up', 'up'], 'the gateway that was started again knows them all')
  for (const { address } of [survivor, heir]) t.same((await nodesOf(address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0, 0], 'nothing is left in flight')
  isQuiet(t, survivor, heir, ...group.workers)
})

test('a gateway that is drained by SIGTERM fails nothing', options, async t => {
  const group = await groupOnRedis(t)
  const [leaving, survivor] = group.gateways
  if (leaving === undefined || survivor === undefined) throw new Error('two gateways were asked for')
  const traffic = load(addresses(group), { perSecond: 500 })

  await sleep(2000)
  const askedAt = performance.now()
  leaving.send('SIGTERM')
  const exit = await leaving.exited
  t.comment(`ended ${Math.round(performance.now() - askedAt)} ms after SIGTERM`)
  await sleep(3500)
  const shots = await traffic.stop()

  tell(t, shots)
  t.same(failed(shots), [], 'nothing failed')
  const received = group.received()
  t.equal(new Set(received).size, received.length, 'and nothing was received twice')
  t.same(exit, { code: 0, signal: null })
  t.same(lost(changesOf(survivor)), [], 'the survivor never lost a node')
  isQuiet(t, leaving, survivor, ...group.workers)
})

const frozenMs = lasting(30_000, 10_000)

test(`a gateway that stood still for ${frozenMs / 1000} s removes nobody, leads no more, and knows what has come meanwhile`, options, async t => {
  const group = await groupOnRedis(t)
  const [frozen, other] = await until(async () => {
    const leads = await Promise.all(group.gateways.map(async gateway => (await selfOf(gateway)).isLeader))
    return leads.includes(true) && group.gateways.toSorted((one, next) => Number(leads[group.gateways.indexOf(next)]) - Number(leads[group.gateways.indexOf(one)]))
  }, 'one of them leads')
  if (frozen === undefined || other === undefined) throw new Error('two gateways were asked for')

  frozen.send('SIGSTOP')
  await sleep(frozenMs / 2)
  const newcomer = await group.startWorker()
  await sleep(frozenMs / 2)
  t.ok((await selfOf(other)).isLeader, 'the other one leads meanwhile')
  frozen.send('SIGCONT')
  const continuedAt = performance.now()
  t.notOk((await selfOf(frozen)).isLeader, 'and it does not lead any more when it goes on')
  const nodes = await nodesUp(frozen.address, 'load', 5, 5000)
  t.comment(`it knew the newcomer ${Math.round(performance.now() - continuedAt)} ms after SIGCONT`)
  await sleep(5000)

  t.ok(nodes.some(({ origin }) => origin === newcomer.address))
  for (const gateway of [frozen, other]) {
    t.same(lost(changesOf(gateway)), [], 'no node was lost')
    t.same((await nodesOf(gateway.address, 'load')).map(({ state }) => state === 'expired'), [false, false, false, false, false])
  }
  isQuiet(t, frozen, other, newcomer, ...group.workers)
})
