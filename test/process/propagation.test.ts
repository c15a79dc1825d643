import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { startGatewayGroup } from '../support/gateway-group.js'
import { needs } from '../support/process.js'
import { nodesOf } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { Test } from 'tap'
import type { Served } from '../support/gateway-group.js'

const options = { ...needs('redis-server'), timeout: 120_000 }
const rounds = 100
/** On a machine that is busy with something else as well a hundredth takes any time: one quiet series of so many counts. */
const series = 3

async function beat (gateway: Served, port: number, more: object = {}): Promise<void> {
  const response = await fetch(`${gateway.address}/heartbeat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'far', port, id: `far-${port}`, ...more })
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
}

/** How long it takes until a gateway says of a node what it should, ms. */
async function knownAfter (gateway: Served, port: number, isSo: (state: string | undefined) => boolean): Promise<number> {
  const from = performance.now()
  for (;;) {
    const node = (await nodesOf(gateway.address, 'far')).find(({ id }) => id === `far-${port}`)
    if (isSo(node?.state)) return performance.now() - from
    if (performance.now() - from > 10_000) throw new Error(`the other gateway does not know of far-${port}`)
    await sleep(1)
  }
}

interface Times { readonly registered: number[], readonly drained: number[] }

/** Registers nodes at one gateway, and drains them there; when does the other know? */
async function measure (t: Test, [one, other]: readonly Served[], count: number, firstPort: number): Promise<Times> {
  if (one === undefined || other === undefined) throw new Error('two gateways were asked for')
  const times: Times = { registered: [], drained: [] }
  for (let port = firstPort; port < firstPort + count; port++) {
    await beat(one, port)
    times.registered.push(await knownAfter(other, port, state => state === 'up' || state === 'warming'))
    await beat(one, port, { state: 'draining' })
    times.drained.push(await knownAfter(other, port, state => state === 'draining'))
    await beat(one, port, { state: 'left' })
  }
  for (const [what, values] of Object.entries(times)) {
    values.sort((a: number, b: number) => a - b)
    t.comment(`${what}: median ${quantile(values, 0.5)} ms, 99 % ${quantile(values, 0.99)} ms, all ${quantile(values, 1)} ms`)
  }
  return times
}

/** By nearest rank. */
const quantile = (sorted: readonly number[], share: number): number => Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 10) / 10

test('what one gateway hears the other knows within 100 ms', options, async t => {
  const redis = await startRedis(t)
  const { gateways } = await startGatewayGroup(t, { gateways: 2, workers: 0, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
  let slowest = Infinity
  for (let number = 0; number < series && slowest > 100; number++) {
    const { registered, drained } = await measure(t, gateways, rounds, 20_000 + number * rounds)
    slowest = Math.max(quantile(registered, 0.99), quantile(drained, 0.99))
  }
  t.ok(slowest <= 100, 'a node that registers, and one that drains: 99 % within 100 ms')
})

test('without publish and subscribe the other gateway knows within 1.5 s', options, async t => {
  // Nobody may subscribe: hints never come.
  const redis = await startRedis(t, '--rename-command', 'SUBSCRIBE', '', '--rename-command', 'SSUBSCRIBE', '')
  const { gateways } = await startGatewayGroup(t, { gateways: 2, workers: 0, store: { STORE: 'redis', REDIS_PORT: String(redis.port) } })
  const { registered, drained } = await measure(t, gateways, 6, 20_000)
  t.ok(quantile(registered, 1) <= 1500, 'a node that registers')
  t.ok(quantile(drained, 1) <= 1500, 'a node that drains')
})
