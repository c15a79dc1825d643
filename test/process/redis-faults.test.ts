import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lost, selfOf, startGatewayGroup, storeIs } from '../support/gateway-group.js'
import { isQuiet, lasting, needs, until } from '../support/process.js'
import { failed, load, quantile } from '../support/process-load.js'
import { changesOf, nodesOf } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { GatewayGroup, Served } from '../support/gateway-group.js'
import type { RedisServer } from '../support/redis-server.js'

const options = { ...needs('redis-server'), timeout: 150_000 }

/** What happens to the store, for how long the gateways are without it, and whether they notice. */
interface Fault {
  readonly name: string
  readonly begin: (redis: RedisServer) => unknown
  readonly lastsMs: number
  readonly end: (redis: RedisServer) => unknown
  readonly isNoticed: boolean
}

const frozenMs = lasting(20_000, 6000)

const faults: readonly Fault[] = [
  { name: 'kill -9 and an empty restart', begin: redis => redis.kill(), lastsMs: 5000, end: redis => redis.restart(), isNoticed: true },
  { name: `SIGSTOP for ${frozenMs / 1000} s`, begin: redis => redis.freeze(), lastsMs: frozenMs, end: redis => redis.thaw(), isNoticed: true },
  { name: 'FLUSHALL', begin: redis => redis.cli('FLUSHALL'), lastsMs: 2000, end: () => {}, isNoticed: false }
]

/** What a gateway knows, in one text: two that know the same write the same. */
async function viewOf (gateway: Served): Promise<string> {
  return (await nodesOf(gateway.address, 'load')).map(({ id, state }) => `${id} ${state}`).sort().join(', ')
}

async function agreed ({ gateways }: GatewayGroup): Promise<string> {
  return await until(async () => {
    const [one, other] = await Promise.all(gateways.map(viewOf))
    return one === other && one
  }, 'the views are equal', 5000)
}

test('whatever happens to Redis, no request fails and no node is lost', options, async t => {
  const redis = await startRedis(t)
  const group = await startGatewayGroup(t, { gateways: 2, workers: 4, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
  const traffic = load(group.gateways.map(({ address }) => address), { perSecond: 300 })
  // the code is compiled while it first runs
  await sleep(3000)
  const calmFrom = performance.now()
  await sleep(4000)
  const calmUntil = performance.now()
  const memory = [await Promise.all(group.gateways.map(selfOf))]

  for (const fault of faults) {
    const from = performance.now()
    await fault.begin(redis)
    if (fault.isNoticed) await Promise.all(group.gateways.map(gateway => storeIs(gateway, false, 5000)))
    await sleep(Math.max(0, from + fault.lastsMs - performance.now()))
    await fault.end(redis)
    const endedAt = performance.now()
    await Promise.all(group.gateways.map(gateway => storeIs(gateway, true, 5000)))
    const connectedAt = performance.now()
    const newcomer = await group.startWorker()
    const startedAt = performance.now()
    await until(async () => (await agreed(group)).includes(newcomer.address.slice('http://'.length)), 'both know the worker that came after it', 5000)
    t.comment(`${fault.name}: connected again after ${Math.round(connectedAt - endedAt)} ms, views equal ${Math.round(performance.now() - startedAt)} ms after a worker was started`)
    newcomer.send('SIGTERM')
    await newcomer.exited
    memory.push(await Promise.all(group.gateways.map(selfOf)))
  }
  const shots = await traffic.stop()

  const calm = shots.filter(({ startedAt, endedAt }) => startedAt > calmFrom && endedAt < calmUntil)
  const troubled = shots.filter(({ endedAt }) => endedAt > calmUntil)
  t.comment(`${shots.length} requests; 99 % in ${quantile(calm, 0.99)} ms before the faults, in ${quantile(troubled, 0.99)} ms from then on`)
  t.ok(quantile(troubled, 0.99) < 2 * quantile(calm, 0.99) + 50, 'the requests take no longer')
  t.comment(`memory: ${memory.map(each => each.map(({ rssMiB }) => Math.round(rssMiB)).join(' and ')).join(', ')} MiB`)
  t.ok(shots.length > 5000, `${shots.length} requests were sent`)
  t.same(failed(shots), [], 'no request failed')
  for (const gateway of group.gateways) t.same(lost(changesOf(gateway)), [], 'no node was lost')
  t.ok(memory.at(-1)?.every(({ rssMiB }, index) => rssMiB - (memory[1]?.[index]?.rssMiB ?? 0) < 40), 'the memory of the gateways does not grow')
  isQuiet(t, ...group.gateways, ...group.workers)
})

test('a Redis that fails over to a replica that lags loses nothing', options, async t => {
  const [redis, replica] = [await startRedis(t), await startRedis(t)]
  await replica.cli('REPLICAOF', '127.0.0.1', String(redis.port))
  const group = await startGatewayGroup(t, { gateways: 2, workers: 2, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
  const traffic = load(group.gateways.map(({ address }) => address), { perSecond: 200 })
  await until(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), 'the replica follows')
  await sleep(2000)

  // It hears nothing more of what happens; then all is lost but what it has.
  await replica.cli('REPLICAOF', 'NO', 'ONE')
  const newcomer = await group.startWorker()
  await until(async () => (await agreed(group)).includes(newcomer.address.slice('http://'.length)), 'both know the worker')
  await redis.kill()
  await sleep(1000)
  await redis.restart()
  await redis.cli('REPLICAOF', '127.0.0.1', String(replica.port))
  await until(async () => (await redis.cli('INFO', 'replication')).includes('master_link_status:up'), 'the older state is back')
  await redis.cli('REPLICAOF', 'NO', 'ONE')
  await Promise.all(group.gateways.map(gateway => storeIs(gateway, true, 5000)))
  t.ok((await agreed(group)).includes(newcomer.address.slice('http://'.length)), 'both still know the worker that the replica never heard of')
  await sleep(3000)
  const shots = await traffic.stop()

  t.same(failed(shots), [], 'no request failed')
  for (const gateway of group.gateways) t.same(lost(changesOf(gateway)), [], 'no node was lost')
  const leaders = await Promise.all(group.gateways.map(selfOf))
  t.equal(leaders.filter(({ isLeader }) => isLeader).length, 1, 'one gateway leads')
  isQuiet(t, ...group.gateways, ...group.workers, newcomer)
})
