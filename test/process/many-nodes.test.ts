import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lost, selfOf, startGatewayGroup } from '../support/gateway-group.js'
import { isQuiet, needs, startNode, until } from '../support/process.js'
import { changesOf } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { Self, Served } from '../support/gateway-group.js'
import type { GatewayStatus } from '../../types/index.js'

const nodes = 5000
const measuredMs = 10_000

/** What each gateway has to do for so long: its share of a core, and how it is then. */
async function watch (gateways: readonly Served[], ms: number): Promise<Array<Self & { readonly share: number }>> {
  const [from, before] = [performance.now(), await Promise.all(gateways.map(selfOf))]
  await sleep(ms)
  const [elapsedMs, after] = [performance.now() - from, await Promise.all(gateways.map(selfOf))]
  return after.map((self, index) => ({ ...self, share: (self.cpuMs - (before[index]?.cpuMs ?? 0)) / elapsedMs }))
}

async function statesOf (gateway: Served): Promise<string[]> {
  const { services } = await (await fetch(`${gateway.address}/_balance/status`)).json() as GatewayStatus
  return services.flatMap(service => service.nodes.map(({ state }) => state))
}

test('5,000 nodes on three gateways cost each little of a core, and hold nothing up', { ...needs('redis-server'), timeout: 150_000 }, async t => {
  const redis = await startRedis(t)
  const { gateways } = await startGatewayGroup(t, { gateways: 3, workers: 0, store: { STORE: 'redis', REDIS_PORT: String(redis.port), BALANCE: '{"defaults":{"slowStartMs":0}}' } })
  const idle = await watch(gateways, 3000)
  const beats = startNode(t, 'test/process/fixtures/beats.js', { GATEWAYS: gateways.map(({ address }) => address).join(','), NODES: String(nodes) }, 'the nodes')
  await beats.line(/registered/, 60_000)
  // and the intervals that were told while there were few nodes are over
  for (const gateway of gateways) await until(async () => (await statesOf(gateway)).every(state => state === 'up'), 'all nodes are up', 30_000)
  await sleep(5000)

  const busy = await watch(gateways, measuredMs)
  const shares = busy.map(({ share }, index) => share - (idle[index]?.share ?? 0))
  t.comment(`of one core: ${shares.map(share => `${(share * 100).toFixed(1)} %`).join(', ')} (and ${idle.map(({ share }) => `${(share * 100).toFixed(1)} %`).join(', ')} without nodes); event loop delay, 99 %: ${busy.map(({ delayP99Ms }) => delayP99Ms.toFixed(1)).join(', ')} ms; memory ${busy.map(({ rssMiB }) => Math.round(rssMiB)).join(', ')} MiB`)
  // 15 % where the figures of the documents were measured; a slower machine may be judged here
  t.ok(Math.max(...shares) < 0.2, 'heartbeats, store and sweep take little of one core')
  t.ok(Math.min(...busy.map(({ delayP99Ms }) => delayP99Ms)) < 20, 'the event loop is not held up: 99 % of its delays are shorter than 20 ms')

  for (const gateway of gateways) {
    const states = await statesOf(gateway)
    t.equal(states.length, nodes, 'it knows every node')
    t.same(states.filter(state => state !== 'up'), [], 'all of them up')
    t.same(lost(changesOf(gateway)), [], 'and has lost none')
  }
  t.match(beats.output.at(-1), /refused 0/)
  isQuiet(t, ...gateways, beats)
})
