import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { test } from 'tap'
import balance from '../../index.js'
import { Life } from '../../lib/life.js'
import { ManualClock } from '../support/clock.js'
import { twoAddresses } from '../support/two-addresses.js'
import { promised, settled } from './sync/fixtures.js'
import type { Socket } from 'node:net'
import type { Test } from 'tap'

const drainMs = 2000

interface LifeWith {
  readonly leave?: () => Promise<void>
  /** What a request to `/slow` waits for. */
  readonly gate?: Promise<unknown>
  readonly host?: string
}

/** The life of an app with one route that listens on a port. */
async function lifeWith (t: Test, { leave = async () => {}, gate, host = '127.0.0.1' }: LifeWith = {}) {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  const clock = new ManualClock()
  const left: string[] = []
  const life = new Life(app, {
    id: 'me',
    clock,
    drainMs,
    leave: async () => {
      left.push(life.state)
      await leave()
    }
  })
  app.get('/', async () => 'here')
  app.get('/slow', () => gate)
  const address = await app.listen({ port: 0, host })
  return { app, clock, life, left, address }
}

test('a gateway that drains serves on, asks every client to come back on another connection, and takes none after drainMs', async t => {
  const { clock, life, left, address } = await lifeWith(t)
  t.not((await fetch(address)).headers.get('connection'), 'close')
  let hasDrained = false
  const drained = life.gateway.drain().then(() => { hasDrained = true })
  t.same([life.state, life.gateway.state, left], ['draining', 'draining', ['draining']])
  clock.advance(drainMs - 1)
  const answer = await fetch(address)
  t.same([answer.status, answer.headers.get('connection'), await answer.text()], [200, 'close', 'here'])
  t.notOk(hasDrained)
  clock.advance(1)
  await drained
  await t.rejects(fetch(address))
  t.equal(clock.timers, 0)
})

test('a gateway that listens on localhost drains on every address', async t => {
  const addresses = twoAddresses(t)
  const gate = promised<string>()
  const { app, clock, life, address } = await lifeWith(t, { host: 'localhost', gate: gate.promise })
  const urls = addresses.map(host => `http://${host}:${new URL(address).port}`)
  const begun = once(app.server, 'request')
  const slow = fetch(`${urls[0]}/slow`, { headers: { connection: 'close' } })
  await begun
  const silent = await connectionTo(t, address, { host: addresses[1] })
  const drained = life.gateway.drain()
  for (const url of urls) t.equal((await fetch(url)).headers.get('connection'), 'close', url)
  clock.advance(drainMs)
  await once(silent, 'close')
  for (const url of urls) await t.rejects(fetch(url), url)
  gate.keep('late')
  t.equal(await (await slow).text(), 'late')
  await drained
})

test('a gateway drains once, however often it is asked to', async t => {
  const { clock, life, left } = await lifeWith(t)
  const drained = [life.gateway.drain(), life.gateway.drain()]
  t.equal(drained[0], drained[1])
  clock.advance(drainMs)
  await Promise.all(drained)
  await life.gateway.drain()
  t.equal(left.length, 1)
})

test('a drain ends when the others have been told, too', async t => {
  const { promise, keep } = promised<undefined>()
  const { clock, life } = await lifeWith(t, { leave: () => promise })
  let hasDrained = false
  const drained = life.gateway.drain().then(() => { hasDrained = true })
  clock.advance(drainMs)
  await settled()
  t.notOk(hasDrained)
  keep(undefined)
  await drained
})

test('an app that closes without draining leaves the group, while its server still listens', async t => {
  const listened: boolean[] = []
  const { app, life, left } = await lifeWith(t, { leave: async () => { listened.push(app.server.listening) } })
  await app.close()
  t.same([life.state, left, listened], ['closing', ['closing'], [true]])
})

test('an app that closes after a drain does not leave again', async t => {
  const { app, clock, life, left } = await lifeWith(t)
  const drained = life.gateway.drain()
  clock.advance(drainMs)
  await drained
  await app.close()
  t.same([life.state, left.length], ['closing', 1])
})

test('an app that closes while it drains closes', async t => {
  const { app, life, clock } = await lifeWith(t)
  const drained = life.gateway.drain()
  await app.close()
  t.equal(life.state, 'closing')
  clock.advance(drainMs)
  await drained
})

test('HTTP/2 has no connection header, and what has begun to answer has said it already', async t => {
  const server = Object.assign(new EventEmitter(), { close: (done: () => void) => done() })
  const clock = new ManualClock()
  const life = new Life({ server, addHook: () => {} } as never, { id: 'me', clock, drainMs, leave: async () => {} })
  const drained = life.gateway.drain()
  const headers: string[] = []
  for (const [httpVersionMajor, headersSent] of [[2, false], [1, true], [1, false]] as const) {
    server.emit('request', { httpVersionMajor }, { headersSent, setHeader: (name: string) => headers.push(`${name} of ${httpVersionMajor}`) })
  }
  t.same(headers, ['connection of 1'])
  clock.advance(drainMs)
  await drained
})

test('a gateway is ready while it serves, and not while it drains', async t => {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(balance, { heartbeat: false, drainMs: 300 })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const ready = async (): Promise<unknown> => {
    const answer = await fetch(`${address}/_balance/ready`)
    return [answer.status, await answer.json()]
  }
  t.same(await ready(), [200, { ready: true }])
  t.match(app.gateway, { state: 'serving', id: String })
  const drained = app.gateway.drain()
  t.same(await ready(), [503, { ready: false, reason: 'draining' }])
  await drained
  t.equal(app.gateway.state, 'draining')
})

/** A connection to an app, on which something may have been sent. */
async function connectionTo (t: Test, address: string, { host = '127.0.0.1', sent }: { host?: string, sent?: string } = {}): Promise<Socket> {
  const socket = connect(Number(new URL(address).port), host)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  if (sent !== undefined) socket.write(sent)
  return socket
}

const slow = 'GET /slow HTTP/1.1\r\nhost: gateway\r\n\r\n'

test('a connection on which nothing has come does not hold the end up, one with a request does', async t => {
  const gate = promised<string>()
  const { app, clock, life, address } = await lifeWith(t, { gate: gate.promise })
  const silent = await connectionTo(t, address)
  const asking = await connectionTo(t, address, { sent: slow })
  await once(app.server, 'request')
  let hasDrained = false
  const drained = life.gateway.drain().then(() => { hasDrained = true })
  clock.advance(drainMs)
  await once(silent, 'close')
  t.notOk(hasDrained, 'the request runs')
  gate.keep('late')
  const [answer] = await once(asking, 'data')
  t.match(String(answer), /^HTTP\/1.1 200[^]*late$/)
  await settled()
  clock.advance(100)
  await drained
  t.equal(clock.timers, 0)
})

test('what runs on is waited for no longer than 10 s', async t => {
  const { app, clock, life, address } = await lifeWith(t, { gate: new Promise(() => {}) })
  const asking = await connectionTo(t, address, { sent: slow })
  await once(app.server, 'request')
  let hasDrained = false
  const drained = life.gateway.drain().then(() => { hasDrained = true })
  clock.advance(drainMs)
  await settled()
  clock.advance(9999)
  await settled()
  t.notOk(hasDrained)
  clock.advance(1)
  await drained
  asking.destroy()
})
