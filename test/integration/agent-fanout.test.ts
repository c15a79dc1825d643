import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import agent from '../../lib/agent.js'
import { ranked } from '../../lib/agent/fanout.js'
import { gatewayUrlOf } from '../../lib/agent/gateways.js'
import type { AgentOptions } from '../../types/agent.js'
import { accepted, fakeGateway } from '../unit/agent/fake-gateway.js'
import type { FakeGateway } from '../unit/agent/fake-gateway.js'

type Test = { teardown (task: () => unknown): void }
type Answer = ReturnType<typeof accepted>

const id = 'orders-1'
/** Short where time is not what is looked at. */
const [shortMs, intervalMs] = [100, 300]

/** A gateway of a group, and how it answers now. */
interface Member extends FakeGateway {
  fields: Record<string, unknown>
  /** null: as a gateway does. */
  instead: Answer | null
  /** Of each beat that it has received, monotonic milliseconds. */
  readonly at: number[]
}

async function member (t: Test, fields: Record<string, unknown> = {}, port: number = 0): Promise<Member> {
  const state: Pick<Member, 'fields' | 'instead' | 'at'> = { fields, instead: null, at: [] }
  const gateway = await fakeGateway(t, {
    port,
    answer (received) {
      state.at.push(performance.now())
      return state.instead ?? accepted(received, { intervalMs: shortMs, fanout: 'one', ...state.fields })
    }
  })
  return Object.assign(state, gateway)
}

/** Three gateways that want to be beaten one at a time, in the order in which the worker prefers them. */
async function group (t: Test, fields: Record<string, unknown> = {}): Promise<[Member, Member, Member]> {
  const members = [await member(t, fields), await member(t, fields), await member(t, fields)]
  const [first, second, third] = ranked(members.map(each => ({ url: gatewayUrlOf(each.url) ?? '', each })), id).map(({ each }) => each)
  if (first === undefined || second === undefined || third === undefined) throw new Error('three are three')
  return [first, second, third]
}

async function listen (t: Test, gateways: readonly Member[], options: Partial<AgentOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', id, intervalMs: shortMs, gateways: gateways.map(({ url }) => url), ...options })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app
}

/** Waits until the gateway has received as many beats more. */
async function more ({ received, seen }: Member, beats: number): Promise<void> {
  const last = received.length - 1 + beats
  await seen((_, index) => index === last)
}

const counts = (...members: Member[]): number[] => members.map(({ received }) => received.length)

/** While one gateway is beaten the others are not. On a slow machine one of its answers may come too late, and they get that beat. */
async function keepsTo (busy: Member, ...others: Member[]): Promise<boolean> {
  const before = counts(...others)
  await more(busy, 6)
  return counts(...others).every((count, index) => count - (before[index] ?? 0) <= 2)
}

/** The worker keeps to the first: what the start has brought the others is over. */
async function settle (first: Member): Promise<void> {
  await more(first, 2)
}

t.test('with fanout one the worker keeps to one gateway, the one that it prefers, once they have answered', async t => {
  const [first, second, third] = await group(t)
  await listen(t, [third, second, first])
  await settle(first)
  t.ok(await keepsTo(first, second, third))
})

t.test('a gateway that dies is replaced within the same beat, and is preferred again when it is back', async t => {
  const [first, second, third] = await group(t, { intervalMs })
  await listen(t, [first, second, third])
  await settle(first)
  const last = first.at.at(-1) ?? 0
  await first.close()
  await more(second, 1)
  const waitedMs = (second.at.at(-1) ?? 0) - last
  t.ok(waitedMs < 1.1 * intervalMs + 200, `the next gateway is beaten ${Math.round(waitedMs)} ms after the last beat`)
  await more(second, 3)
  t.ok(third.received.length < second.received.length, 'the third is left alone')
  const back = await member(t, {}, Number(new URL(first.url).port))
  await more(back, 2)
  t.ok(await keepsTo(back, second, third))
})

for (const [name, instead] of [
  ['closes', { statusCode: 503 }], ['does not know the secret', { statusCode: 401 }], ['refuses the node', { statusCode: 403 }],
  ['has too many nodes', { statusCode: 429, headers: { 'retry-after': '60' } }], ['is broken', { statusCode: 500 }]
] as const) {
  t.test(`a gateway that ${name} is replaced within the same beat`, async t => {
    const [first, second, third] = await group(t, { intervalMs })
    await listen(t, [first, second, third])
    await settle(first)
    first.instead = instead
    await more(second, 1)
    const waitedMs = (second.at.at(-1) ?? 0) - (first.at.find((_, index) => index === first.received.length - 1) ?? 0)
    t.ok(waitedMs < 150, `after ${Math.round(waitedMs)} ms`)
    await more(second, 2)
    first.instead = null
  })
}

t.test('a gateway that is frozen is replaced before the lease can end, also when two are', async t => {
  const [first, second, third] = await group(t, { intervalMs })
  await listen(t, [first, second, third])
  await settle(first)
  for (const frozen of [first, second]) frozen.instead = 'hang'
  const last = first.at.at(-1) ?? 0
  await more(third, 1)
  const silentMs = (third.at.at(-1) ?? 0) - last
  t.ok(silentMs < 3 * intervalMs, `the group heard nothing for ${Math.round(silentMs)} ms`)
  const began = third.received.length
  await sleep(5 * intervalMs)
  t.ok(third.received.length - began >= 3, 'the frozen ones do not delay the third')
  t.ok(first.received.length > 4, 'and are tried on')
  first.instead = second.instead = null
  await more(first, 2)
  t.ok(await keepsTo(first, second, third))
})

t.test('while a gateway in use says all every gateway is beaten', async t => {
  const [first, second, third] = await group(t)
  await listen(t, [first, second, third])
  await settle(first)
  first.fields = { fanout: 'all' }
  await Promise.all([more(second, 3), more(third, 3)])
  third.fields = { fanout: 'all' }
  await more(third, 2)
  first.fields = {}
  await Promise.all([more(second, 3), more(first, 3)])
  third.fields = {}
  await more(third, 1)
  await more(first, 2)
  t.ok(await keepsTo(first, second, third), 'idle again when all say one')
})

t.test('a gateway that is learned stays idle, and is there when the other one dies', async t => {
  const [first, second] = await group(t)
  first.fields = { gateways: [first.url, second.url] }
  await listen(t, [first])
  await settle(first)
  t.ok(second.received.length < first.received.length)
  await first.close()
  await more(second, 2)
})

t.test('a gateway that is learned and preferred takes over', async t => {
  const [first, second] = await group(t)
  second.fields = { gateways: [first.url, second.url] }
  await listen(t, [second])
  await settle(first)
  t.ok(await keepsTo(first, second))
})

t.test('drain() and the goodbye are told to the idle gateways as well', async t => {
  const members = await group(t)
  const app = await listen(t, members)
  await settle(members[0])
  await app.agent.drain()
  for (const { received } of members) t.equal(received.at(-1)?.body.state, 'draining')
  t.ok(await keepsTo(...members), 'they are idle again')
  await app.close()
  for (const { received } of members) t.equal(received.at(-1)?.body.state, 'left')
})

t.test('a drain directive is told to the idle gateways at once, and is over when the gateway in use says so', async t => {
  const [first, second, third] = await group(t)
  const app = await listen(t, [first, second, third])
  await settle(first)
  first.fields = { drain: true }
  await Promise.all([second, third].map(each => each.seen(({ body }) => body.state === 'draining')))
  t.equal(app.agent.state, 'draining')
  first.fields = {}
  await Promise.all([second, third].map(each => each.seen(({ body }, index) => body.state === 'up' && each.received[index - 1]?.body.state === 'draining')))
  t.equal(app.agent.state, 'up')
})

t.test('the word of a gateway that died, or fell idle, does not hold for ever', async t => {
  const [first, second, third] = await group(t)
  const app = await listen(t, [first, second, third])
  await settle(first)
  first.fields = { drain: true }
  second.fields = { drain: true }
  await more(first, 2)
  await first.close()
  await more(second, 2)
  t.equal(app.agent.state, 'draining', 'the next one says the same')
  second.fields = {}
  await more(second, 2)
  t.equal(app.agent.state, 'up', 'the operator has taken it back where the worker hears it')
  second.fields = { drain: true }
  await more(second, 2)
  t.equal(app.agent.state, 'draining')
  const back = await member(t, {}, Number(new URL(first.url).port))
  await more(back, 3)
  t.equal(app.agent.state, 'up')
})
