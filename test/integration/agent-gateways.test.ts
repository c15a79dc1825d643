import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import agent from '../../lib/agent.js'
import type { AgentOptions } from '../../types/agent.js'
import { accepted, fakeGateway } from '../unit/agent/fake-gateway.js'
import type { FakeGateway } from '../unit/agent/fake-gateway.js'

type Test = { teardown (task: () => unknown): void }

async function listen (t: Test, options: Partial<AgentOptions>): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(agent, { service: 'orders', gateways: [], intervalMs: 50, ...options })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app
}

/** Waits until the gateway has received as many beats more. */
async function more ({ received, seen }: FakeGateway, beats: number): Promise<void> {
  const last = received.length - 1 + beats
  await seen((_, index) => index === last)
}

t.test('every gateway is beaten; one that hangs and one that is gone delay no other', async t => {
  const gone = await fakeGateway(t)
  await gone.close()
  const hanging = await fakeGateway(t, { answer: () => 'hang' })
  const gateways = [await fakeGateway(t), await fakeGateway(t)]
  await listen(t, { gateways: [gone.url, hanging.url, ...gateways.map(({ url }) => url)] })
  await Promise.all(gateways.map(gateway => gateway.seen((_, index) => index === 9)))
  t.ok(hanging.received.length < 10)
})

t.test('one count of messages serves all gateways, and rises at each', async t => {
  const gateways = [await fakeGateway(t), await fakeGateway(t)]
  await listen(t, { gateways: gateways.map(({ url }) => url) })
  await Promise.all(gateways.map(gateway => gateway.seen((_, index) => index === 4)))
  const all = gateways.flatMap(({ received }) => received.map(({ body }) => body.seq))
  t.equal(new Set(all).size, all.length)
  for (const { received } of gateways) {
    const seqs = received.map(({ body }) => Number(body.seq))
    t.same(seqs, [...seqs].sort((one, other) => one - other))
  }
})

t.test('a gateway that another one lists is learned, and dropped when it is not listed any more', async t => {
  const listed: string[] = []
  const answer = (received: Parameters<typeof accepted>[0]) => accepted(received, { gateways: [...listed] })
  const first = await fakeGateway(t, { answer })
  const second = await fakeGateway(t, { answer })
  listed.push(first.url, second.url)
  await listen(t, { gateways: [first.url] })
  await second.seen((_, index) => index === 2)
  listed.pop()
  await more(first, 3)
  const dropped = second.received.length
  await more(first, 5)
  t.equal(second.received.length, dropped)
  t.equal(second.sockets(), 0)
})

t.test('an operator who drains the node at one gateway drains it at all, until he says otherwise', async t => {
  let drain = false
  const asking = await fakeGateway(t, { answer: received => accepted(received, { drain }) })
  const other = await fakeGateway(t, { answer: received => accepted(received, { intervalMs: 60_000 }) })
  const app = await listen(t, { gateways: [asking.url, other.url] })
  await asking.seen((_, index) => index === 1)
  drain = true
  await other.seen(({ body }) => body.state === 'draining')
  t.equal(app.agent.state, 'draining')
  drain = false
  await other.seen(({ body }, index) => body.state === 'up' && other.received[index - 1]?.body.state === 'draining')
  t.equal(app.agent.state, 'up')
})

t.test('a gateway that refuses is left alone; the worker goes on with the other', async t => {
  const refusing = await fakeGateway(t, { answer: () => ({ statusCode: 403, body: { message: 'not here' } }) })
  const gateway = await fakeGateway(t)
  const app = await listen(t, { gateways: [refusing.url, gateway.url] })
  await gateway.seen((_, index) => index === 5)
  t.equal(refusing.received.length, 1)
  t.equal(app.agent.state, 'up')
})
