import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lost, selfOf, startGatewayGroup } from '../support/gateway-group.js'
import { isQuiet, needs, startNode } from '../support/process.js'
import { changesOf } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { GatewayStatus } from '../../types/index.js'

const nodes = 5000
const measuredMs = 20_000

test('5,000 nodes on three gateways cost each less than 15 % of a core, and hold nothing up', { ...needs('redis-server'), timeout: 150_000 }, async t => {
  const redis = await startRedis(t)
  const { gateways } = await startGatewayGroup(t, { gateways: 3, workers: 0, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
  const beats = startNode(t, 'test/process/fixtures/beats.js', { GATEWAYS: gateways.map(({ address }) => address).join(','), NODES: String(nodes) }, 'the nodes')
  await beats.line(/registered/, 60_000)
  // the intervals that were told while there were few nodes are over
  await sleep(10_000)

  const before = await Promise.all(gateways.map(selfOf))
  const from = performance.now()
  await sleep(measuredMs)
  const after = await Promise.all(gateways.map(selfOf))
  const elapsedMs = performance.now() - from
  const shares = after.map(({ cpuMs }, index) => (cpuMs - (before[index]?.cpuMs ?? 0)) / elapsedMs)
  t.comment(`of one core: ${shares.map(share => `${(share * 100).toFixed(1)} %`).join(', ')}; event loop delay, 99 %: ${after.map(({ delayP99Ms }) => delayP99Ms.toFixed(1)).join(', ')} ms; memory ${after.map(({ rssMiB }) => Math.round(rssMiB)).join(', ')} MiB`)
  t.ok(Math.max(...shares) < 0.15, 'less than 15 % of one core')
  t.ok(Math.min(...after.map(({ delayP99Ms }) => delayP99Ms)) < 20, 'the event loop is not held up: 99 % of its delays are shorter than 20 ms')

  for (const gateway of gateways) {
    const { services } = await (await fetch(`${gateway.address}/_balance/status`)).json() as GatewayStatus
    const states = services.flatMap(service => service.nodes.map(({ state }) => state))
    t.equal(states.length, nodes, 'it knows every node')
    t.same(states.filter(state => state !== 'up' && state !== 'warming'), [], 'all of them up')
    t.same(lost(changesOf(gateway)), [], 'and has lost none')
  }
  t.match(beats.output.at(-1), /refused 0/)
  isQuiet(t, ...gateways, beats)
})
