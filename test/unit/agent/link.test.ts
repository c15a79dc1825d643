import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { agentSettingsOf } from '../../../lib/agent/settings.js'
import type { Delivery, Message } from '../../../lib/agent/connection.js'
import { Identity } from '../../../lib/agent/identity.js'
import { GatewayLink } from '../../../lib/agent/link.js'
import type { Carrier, LinkContext } from '../../../lib/agent/link.js'
import type { AgentOptions } from '../../../types/agent.js'
import { keptLog } from './fake-log.js'
import { ManualClock } from '../../support/clock.js'

const secret = '0123456789abcdef0123456789abcdef'

/** A carrier that keeps what is posted, and gives what it is told to; the last delivery again and again. */
class ScriptedCarrier implements Carrier {
  readonly posted: Array<Message & { timeoutMs: number }> = []
  isClosed = false
  #script: Array<Delivery | 'hang'>

  constructor (script: Array<Delivery | 'hang'>) {
    this.#script = script
  }

  async post (compose: (local: string) => Message, timeoutMs: number, signal: AbortSignal): Promise<Delivery> {
    this.posted.push({ ...compose('127.0.0.1'), timeoutMs })
    const delivery = this.#script.length > 1 ? this.#script.shift() : this.#script[0]
    if (delivery !== undefined && delivery !== 'hang') return delivery
    return new Promise(resolve => signal.addEventListener('abort', () => resolve(failed())))
  }

  close (): void {
    this.isClosed = true
  }

  get bodies (): Array<Record<string, unknown>> {
    return this.posted.map(({ body }) => JSON.parse(body))
  }
}

const answered = (statusCode: number, body: unknown = {}, retryAfter: string | null = null): Delivery => ({ kind: 'answered', statusCode, retryAfter, body })
const ok = (fields: object = {}): Delivery => answered(200, { id: 'a', intervalMs: 1000, gateways: [], fanout: 'one', drain: false, ...fields })
const failed = (code: string = 'ECONNRESET'): Delivery => ({ kind: 'failed', error: Object.assign(new Error('lost'), { code }) })

function linkWith (script: Array<Delivery | 'hang'>, options: Partial<AgentOptions> = {}, random = () => 0.5) {
  const clock = new ManualClock()
  const { log, lines } = keptLog()
  const settings = agentSettingsOf({ service: 'orders', gateways: ['http://g'], ...options })
  const identity = new Identity(settings.id, 100, random)
  const carrier = new ScriptedCarrier(script)
  const settled: GatewayLink[] = []
  const life = { isEnding: false }
  const context: LinkContext = {
    clock,
    random,
    log,
    settings,
    identity,
    isEnding: () => life.isEnding,
    heartbeat: () => ({ service: 'orders', port: 3000, ...identity.next() }),
    cureOf: (trouble, gateway) => trouble === 'forbidden' ? `ask ${gateway}` : null,
    settled: link => settled.push(link)
  }
  const link = new GatewayLink('http://g/heartbeat', carrier, context)
  return { clock, lines, identity, carrier, settled, link, life, context }
}

t.test('beats at the interval that the gateway tells, one tenth more or less', async t => {
  for (const [chance, delayMs] of [[0, 1800], [0.5, 2000], [0.999999, 2200]] as const) {
    const { link, clock } = linkWith([ok({ intervalMs: 2000 })], {}, () => chance)
    await link.beat()
    t.equal(Math.round(clock.dueInMs ?? NaN), delayMs)
  }
})

t.test('a beat follows another, and tells how it ended', async t => {
  const { link, clock, carrier, settled } = linkWith([ok(), ok(), failed(), ok()])
  await link.beat()
  await clock.pass(3000)
  t.same(carrier.bodies.map(({ seq }) => seq), [1, 2, 3, 4])
  t.same(settled, [link, link, link, link])
  t.ok(link.isAnswering)
  t.match(link.directives, { id: 'a', fanout: 'one', drain: false })
})

t.test('the first beat that a gateway accepts is told, with what it calls this node', async t => {
  const { link, clock, lines } = linkWith([ok({ id: '10.0.0.5:3000' })])
  await link.beat()
  await clock.pass(1000)
  t.same(lines, [{ level: 'info', fields: { gateway: 'http://g/heartbeat', service: 'orders', id: '10.0.0.5:3000' }, message: 'registered' }])
})

t.test('a beat says whether another one at once may be heard', async t => {
  const rows: ReadonlyArray<readonly [delivery: Delivery, isWorthAnother: boolean]> = [
    [ok(), false], [failed(), true], [failed('ECONNREFUSED'), false], [answered(500), true], [answered(503), true],
    [answered(200), false], [answered(400), false], [answered(403), false], [answered(429), false]
  ]
  for (const [delivery, isWorthAnother] of rows) t.equal(await linkWith([delivery]).link.beat(), isWorthAnother, JSON.stringify(delivery))
})

t.test('a link that rests beats no more, and what its gateway said counts no more', async t => {
  const { link, clock, carrier } = linkWith([ok()])
  await link.beat()
  link.rest()
  t.same([link.isAnswering, link.directives, clock.dueInMs], [false, null, null])
  await link.beat()
  await clock.pass(1000)
  t.equal(carrier.posted.length, 3, 'a beat begins the loop again')
})

t.test('a gateway that is forgotten is tried on', async t => {
  const { link, clock } = linkWith([ok(), failed()], {}, () => 0.999999)
  await link.beat()
  await clock.pass(1100)
  t.match(link.directives, { id: 'a' }, 'its word stands while it does not answer')
  link.forget()
  t.equal(link.directives, null)
  t.equal(Math.round(clock.dueInMs ?? NaN), 250)
})

t.test('the time that the answer took is part of the interval', async t => {
  const { link, clock, carrier } = linkWith(['hang'])
  carrier.post = async () => {
    await clock.pass(300)
    return ok()
  }
  await link.beat()
  t.equal(clock.dueInMs, 700)
})

t.test('a beat may take one interval, at least 250 ms and at most 2 s', async t => {
  for (const [intervalMs, timeoutMs] of [[10, 250], [1500, 1500], [15_000, 2000]] as const) {
    const { link, carrier } = linkWith([ok()], { intervalMs })
    await link.beat()
    t.equal(carrier.posted[0]?.timeoutMs, timeoutMs)
  }
})

t.test('without an answer it is tried again with full jitter, from 250 ms up to the interval', async t => {
  const { link, clock, carrier } = linkWith([failed()], {}, () => 0.999999)
  await link.beat()
  const delays: number[] = []
  for (let beats = 0; beats < 5; beats++) {
    delays.push(Math.round(clock.dueInMs ?? NaN))
    await clock.pass(clock.dueInMs ?? 0)
  }
  t.same(delays, [250, 500, 1000, 1000, 1000])
  t.equal(carrier.posted.length, 6)
  t.notOk(link.isAnswering)
})

t.test('an interval below 250 ms bounds the back-off as well', async t => {
  const { link, clock } = linkWith([failed()], { intervalMs: 100 }, () => 0.999999)
  await link.beat()
  t.equal(Math.round(clock.dueInMs ?? NaN), 100)
})

t.test('after an answer the back-off begins anew, and the log knows both ends', async t => {
  const { link, clock, lines } = linkWith([failed(), failed(), ok(), failed()], {}, () => 0.999999)
  await link.beat()
  await clock.pass(250 + 500 + 1100)
  t.equal(Math.round(clock.dueInMs ?? NaN), 250)
  t.same(lines.map(({ level }) => level), ['warn', 'info', 'warn'])
})

t.test('an interval that makes no sense leaves the last one in force', async t => {
  const { link, clock } = linkWith([ok({ intervalMs: null })])
  await link.beat()
  t.equal(clock.dueInMs, 1000)
})

for (const [statusCode, retryAfter, delayMs] of [[400, null, 31_500], [403, null, 31_500], [429, '7', 7350], [503, '60', 1050]] as const) {
  t.test(`${statusCode}: waits ${delayMs} ms, and then goes on`, async t => {
    const { link, clock, carrier } = linkWith([answered(statusCode, {}, retryAfter), ok()])
    await link.beat()
    t.equal(clock.dueInMs, delayMs)
    await clock.pass(delayMs)
    t.equal(carrier.posted.length, 2)
    t.ok(link.isAnswering)
  })
}

t.test('the cure of a trouble stands beside it', async t => {
  const { link, lines } = linkWith([answered(403, { message: 'no' })])
  await link.beat()
  t.match(lines, [{ level: 'warn', fields: { trouble: 'forbidden', detail: '403 no', cure: 'ask http://g/heartbeat' } }])
})

t.test('401: the time of the gateway is adopted, at once and for all later beats', async t => {
  const { link, clock, carrier } = linkWith([answered(401, { serverTime: 1_795_355_366 + 7200 }), ok()], { secret })
  await link.beat()
  await clock.pass(1000)
  t.same(carrier.posted.map(({ headers }) => headers['x-heartbeat-time']), ['1795355366', '1795362566', '1795362567'])
  t.equal(new Set(carrier.posted.map(({ headers }) => headers['x-heartbeat-nonce'])).size, 3)
})

t.test('401: a gateway whose time jumps is followed once per beat, then it has to wait', async t => {
  const { link, clock, carrier, lines } = linkWith([answered(401, { serverTime: 0 }), answered(401, { serverTime: 5000 })], { secret })
  await link.beat()
  t.equal(carrier.posted.length, 2)
  t.equal(clock.dueInMs, 31_500)
  t.match(lines, [{ level: 'warn', fields: { trouble: 'unauthorized' } }])
})

t.test('409 at the first contact: an earlier process with a clock that was ahead is overtaken, at once', async t => {
  const { link, carrier, lines } = linkWith([answered(409, { incarnation: 500 }), ok()])
  await link.beat()
  t.match(carrier.bodies, [{ incarnation: 100, seq: 1 }, { incarnation: 501, seq: 2 }])
  t.match(lines, [{ message: 'registered' }])
  t.equal(lines.length, 1)
})

t.test('409 after it was accepted: the configured id is left to the other process', async t => {
  const { link, clock, carrier, lines, identity } = linkWith([ok(), answered(409, { incarnation: 500 }), ok()], { id: 'orders-1' })
  await link.beat()
  await clock.pass(2000)
  t.match(carrier.bodies, [{ id: 'orders-1' }, { id: 'orders-1' }, { id: 'orders-1~8000', incarnation: 100 }, { id: 'orders-1~8000' }])
  t.equal(identity.id, 'orders-1~8000')
  t.match(lines, [{ message: 'registered' }, { level: 'error', fields: { id: 'orders-1', newId: 'orders-1~8000' } }])
  t.equal(lines.length, 2)
})

t.test('409 after it was accepted, by a process at its own origin: the configured id is one for both', async t => {
  const { link, clock, carrier, lines, identity } = linkWith([ok(), answered(409, { incarnation: 500, sameOrigin: true }), ok()], { id: 'orders-1' })
  await link.beat()
  await clock.pass(1000)
  t.same([identity.id, carrier.posted.length, clock.dueInMs], ['orders-1', 2, 31_500])
  t.same(lines.map(({ level }) => level), ['info', 'warn', 'warn'])
})

t.test('409 again after it had overtaken: another process lives', async t => {
  const { link, carrier } = linkWith([answered(409, { incarnation: 500 }), answered(409, { incarnation: 502 }), ok()], { id: 'a' })
  await link.beat()
  t.match(carrier.bodies, [{ id: 'a', incarnation: 100 }, { id: 'a', incarnation: 501 }, { id: 'a~8000', incarnation: 501 }])
})

t.test('409 with host:port as the id: gives way to the process that shares the port, and takes over when that has not changed', async t => {
  const script = [ok(), answered(409, { incarnation: 500 }), answered(409, { incarnation: 600 }), answered(409, { incarnation: 600 }), ok()]
  const { link, clock, carrier, lines } = linkWith(script)
  await link.beat()
  await clock.pass(1000)
  t.equal(clock.dueInMs, 31_500)
  await clock.pass(31_500)
  t.equal(clock.dueInMs, 31_500, 'another one took over meanwhile')
  await clock.pass(31_500)
  t.match(carrier.bodies.map(({ incarnation }) => incarnation), [100, 100, 100, 100, 601])
  t.same(lines.map(({ level }) => level), ['info', 'warn', 'warn', 'info'])
})

t.test('409 while it drains: the process that has come after it on the same port keeps the id', async t => {
  const { link, clock, carrier, life, identity } = linkWith([ok(), answered(409, { incarnation: 500 })])
  await link.beat()
  await clock.pass(1000)
  life.isEnding = true
  t.equal(await link.beat(), false, 'nothing to insist on')
  await clock.pass(31_500)
  await link.leave()
  t.same(carrier.bodies.map(({ incarnation }) => incarnation), [100, 100, 100, 100, 100])
  t.equal(identity.incarnation, 100)
})

t.test('409 for the first time while it drains: it gives way, and there is nothing to correct', async t => {
  const { link, carrier, life, lines } = linkWith([ok(), answered(409, { incarnation: 500 })])
  await link.beat()
  life.isEnding = true
  await link.beat()
  t.same(carrier.bodies.map(({ incarnation }) => incarnation), [100, 100])
  t.match(lines, [{ message: 'registered' }, { level: 'warn', fields: { trouble: 'superseded' } }])
  t.equal(lines.length, 2)
})

t.test('409 at another gateway, by the process that it gave way to: it gives way there as well', async t => {
  const { link, clock, carrier, context } = linkWith([ok(), answered(409, { incarnation: 500 })])
  await link.beat()
  await clock.pass(1000)
  const elsewhere = new ScriptedCarrier([answered(409, { incarnation: 500 }), answered(409, { incarnation: 600 })])
  const other = new GatewayLink('http://h/heartbeat', elsewhere, context)
  await other.beat()
  await other.beat()
  t.same([...carrier.bodies, ...elsewhere.bodies].map(({ incarnation }) => incarnation), [100, 100, 100, 100])
})

t.test('409 to a message that is out of date: the present incarnation is tried', async t => {
  const { link, carrier, identity } = linkWith(['hang'])
  const deliveries = [answered(409, { incarnation: 500 }), ok()]
  const incarnations: number[] = []
  carrier.post = async () => {
    incarnations.push(identity.incarnation)
    identity.raiseAbove(700)
    return deliveries.shift() ?? ok()
  }
  await link.beat()
  t.same(incarnations, [100, 701])
})

t.test('409 without end: gives up for half a minute', async t => {
  const { link, clock, carrier } = linkWith([answered(409, { incarnation: 500 })], { id: 'a' })
  await link.beat()
  t.equal(carrier.posted.length, 4)
  t.equal(clock.dueInMs, 31_500)
})

t.test('an urgent beat does not wait for the answer to the last one, and there is one loop still', async t => {
  const { link, clock, carrier } = linkWith(['hang', ok()])
  const first = link.beat()
  await link.beat()
  await first
  t.equal(carrier.posted.length, 2)
  await clock.pass(1000)
  t.equal(carrier.posted.length, 3)
})

t.test('an urgent beat comes also while it waits', async t => {
  const { link, clock, carrier } = linkWith([answered(403), ok()])
  await link.beat()
  await clock.pass(1000)
  await link.beat()
  t.equal(carrier.posted.length, 2)
  t.equal(clock.dueInMs, 1000)
})

t.test('the goodbye is the last beat, and nothing is made of its answer', async t => {
  for (const delivery of [ok(), failed(), answered(409, { incarnation: 500 }), answered(403), answered(429)]) {
    const { link, clock, carrier, lines } = linkWith([delivery])
    await link.leave()
    t.equal(carrier.posted.length, 1)
    t.equal(clock.dueInMs, null)
    t.same(lines, [])
  }
})

t.test('stop() ends a beat that runs, and closes the connection', async t => {
  const { link, clock, carrier, lines, settled } = linkWith(['hang'])
  const beat = link.beat()
  await turn()
  link.stop()
  await beat
  t.ok(carrier.isClosed)
  t.equal(clock.dueInMs, null)
  t.same([lines, settled], [[], []])
})

t.test('a mistake in between does not end the loop', async t => {
  const { link, clock, carrier, lines } = linkWith([ok()])
  const post = carrier.post.bind(carrier)
  carrier.post = () => Promise.reject(new Error('a mistake'))
  await link.beat()
  t.match(lines, [{ level: 'warn', fields: { trouble: 'unexpected', detail: 'a mistake' } }])
  carrier.post = post
  await clock.pass(250)
  t.ok(link.isAnswering)
})

t.test('a listener that throws is told of, and does not end the loop', async t => {
  const { link, clock, carrier, settled, lines } = linkWith([ok()])
  settled.push = () => { throw new Error('broken') }
  await link.beat()
  t.match(lines, [{ message: 'registered' }, { level: 'error', fields: { err: { message: 'broken' } } }])
  await clock.pass(1000)
  t.equal(carrier.posted.length, 2)
})
