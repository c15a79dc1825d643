import { connect } from 'node:net'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import Fastify from 'fastify'
import underPressure from '@fastify/under-pressure'
import { test } from 'tap'
import balance from '../../index.js'
import { heartbeatRoute } from '../../lib/heartbeat/route.js'
import { resolveHeartbeat } from '../../lib/heartbeat/options.js'
import { systemClock } from '../../lib/clock.js'
import { RecordingRegistry, secret, signed } from '../unit/heartbeat/fixtures.js'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { HeartbeatOptions } from '../../types/index.js'

interface Given {
  readonly heartbeat?: HeartbeatOptions
  readonly host?: string
  readonly prepare?: (app: FastifyInstance) => Promise<unknown>
}

/** A gateway that listens, with the heartbeat route alone. */
async function listeningGateway (t: Test, { heartbeat, host = '127.0.0.1', prepare }: Given = {}) {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await prepare?.(app)
  const registry = new RecordingRegistry()
  heartbeatRoute(app, {
    registry,
    options: resolveHeartbeat(heartbeat, { production: false }),
    group: { gateways: [], fanout: 'all' },
    clock: systemClock,
    isClosing: () => false,
    listening: () => [`${host}:${portOf(app)}`]
  })
  await app.listen({ port: 0, host })
  return { registry, port: portOf(app) }
}

function portOf (app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port
}

/** Writes the head of a request and never its body; gives the first that comes back. */
async function answerToHead (t: Test, port: number, headers: readonly string[]) {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(['POST /heartbeat HTTP/1.1', 'host: gateway', 'content-type: application/json', ...headers, '', ''].join('\r\n'))
  const [chunk] = await once(socket, 'data')
  return { text: String(chunk), socket }
}

const post = (port: number, body: string, { headers = {}, host = '127.0.0.1' }: { headers?: Record<string, string>, host?: string } = {}) =>
  fetch(`http://${host}:${port}/heartbeat`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

const signedNow = (body: string) => signed(body, { time: Math.floor(Date.now() / 1000) })

test('who is not let in is answered before the body has come', async t => {
  const { port } = await listeningGateway(t, { heartbeat: { secret } })
  const { text } = await answerToHead(t, port, ['content-length: 100'])
  t.match(text, /^HTTP\/1\.1 401 /)
})

test('a body without end from who is not let in ends with the connection', async t => {
  const { port } = await listeningGateway(t, { heartbeat: { secret } })
  for (const header of ['transfer-encoding: chunked', 'content-length: 1000000000']) {
    const { text, socket } = await answerToHead(t, port, [header])
    t.match(text, /^HTTP\/1\.1 401 [^]*connection: close/, header)
    await t.resolves(finished(socket.resume(), { writable: false }), header)
  }
})

test('who only claims to be let in is answered without more than the limit being read', async t => {
  const { port } = await listeningGateway(t, { heartbeat: { secret } })
  const claims = Object.entries(signedNow('')).map(([name, value]) => `${name}: ${value}`)
  const { text } = await answerToHead(t, port, ['content-length: 1000000000', ...claims])
  t.match(text, /^HTTP\/1\.1 413 /)
})

test('after a refusal the connection serves the next heartbeat', async t => {
  const { port, registry } = await listeningGateway(t, { heartbeat: { secret } })
  const body = '{"service":"orders","port":3000}'
  const { socket } = await answerToHead(t, port, [`content-length: ${body.length}`])
  const claims = Object.entries(signedNow(body)).map(([name, value]) => `${name}: ${value}`)
  socket.write([`${body}POST /heartbeat HTTP/1.1`, 'host: gateway', 'content-type: application/json', `content-length: ${body.length}`, ...claims, '', body].join('\r\n'))
  const [chunk] = await once(socket, 'data')
  t.match(String(chunk), /^HTTP\/1\.1 200 /)
  t.equal(registry.announcements.length, 1)
})

test('a signed heartbeat over a socket registers the sender\'s address', async t => {
  const { port, registry } = await listeningGateway(t, { heartbeat: { secret } })
  const body = '{"service":"orders","port":3000}'
  const response = await post(port, body, { headers: signedNow(body) })
  t.match(await response.json(), { id: '127.0.0.1:3000', state: 'warming' })
  t.match(registry.announcements, [{ info: { origin: 'http://127.0.0.1:3000' } }])
})

test('the gateway does not take itself for a node, on whichever address it listens', async t => {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const { port, registry } = await listeningGateway(t, { host })
    const response = await post(port, JSON.stringify({ service: 'orders', port }))
    t.equal(response.status, 403, host)
    t.match(await response.json(), { message: /this gateway itself/ }, host)
    t.equal(registry.announcements.length, 0)
  }
})

test('an overloaded gateway still hears its nodes', async t => {
  const { port, registry } = await listeningGateway(t, {
    prepare: async app => {
      await app.register(underPressure, { healthCheck: async () => false, healthCheckInterval: 60_000 })
      app.get('/other', async () => 'served')
    }
  })
  t.equal((await fetch(`http://127.0.0.1:${port}/other`)).status, 503)
  t.equal((await post(port, '{"service":"orders","port":3000}')).status, 200)
  t.equal(registry.announcements.length, 1)
})

test('a gateway tells an old process whether the new one with its id is at the same origin', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(balance)
  const answerTo = async (port: number, incarnation: number) => {
    const answer = await app.inject({ method: 'POST', url: '/heartbeat', payload: { service: 'orders', id: 'orders-1', port, incarnation } })
    return { statusCode: answer.statusCode, ...answer.json() }
  }
  t.match(await answerTo(3000, 5), { statusCode: 200 })
  t.match(await answerTo(3000, 4), { statusCode: 409, incarnation: 5, sameOrigin: true })
  t.match(await answerTo(3001, 4), { statusCode: 409, incarnation: 5, sameOrigin: false })
})
