import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { systemClock } from '../../../lib/clock.js'
import { GatewayConnection } from '../../../lib/agent/connection.js'
import type { Compose } from '../../../lib/agent/connection.js'
import { fakeGateway } from './fake-gateway.js'
import { ManualClock } from '../../support/clock.js'

type Test = { teardown (task: () => unknown): void }

const signal = new AbortController().signal
const compose: Compose = () => ({ headers: { 'content-type': 'application/json', 'x-test': 'ü'.length.toString() }, body: '{"service":"ü"}' })

function connect (t: Test, url: string, clock = systemClock): GatewayConnection {
  const connection = new GatewayConnection(`${url}/heartbeat`, clock, 0)
  t.teardown(() => connection.close())
  return connection
}

/** A server of raw answers. */
async function serve (t: Test, onConnection: (socket: net.Socket) => void): Promise<string> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('posts the message, and gives status, Retry-After and JSON', async t => {
  const gateway = await fakeGateway(t, { answer: () => ({ statusCode: 429, headers: { 'retry-after': '5' }, body: { a: 1 } }) })
  t.same(await connect(t, gateway.url).post(compose, 1000, signal), { kind: 'answered', statusCode: 429, retryAfter: '5', body: { a: 1 } })
  t.match(gateway.received, [{ text: '{"service":"ü"}', path: '/heartbeat', headers: { 'content-length': '16', 'content-type': 'application/json', 'x-test': '1' } }])
})

t.test('the message is made when it is known which address the gateway sees', async t => {
  const gateway = await fakeGateway(t)
  const seen: string[] = []
  await connect(t, gateway.url).post(local => { seen.push(local); return compose(local) }, 1000, signal)
  t.same(seen, ['127.0.0.1'])
})

t.test('one connection serves many messages, and is gone after close()', async t => {
  const gateway = await fakeGateway(t)
  const connection = connect(t, gateway.url)
  for (let index = 0; index < 3; index++) await connection.post(compose, 1000, signal)
  t.equal(gateway.sockets(), 1)
  connection.close()
  while (gateway.sockets() > 0) await turn()
})

t.test('an answer that is not JSON has no body', async t => {
  const gateway = await fakeGateway(t, { answer: () => ({ body: '<html>' }) })
  t.match(await connect(t, gateway.url).post(compose, 1000, signal), { kind: 'answered', statusCode: 200, body: null })
})

t.test('a connection that was closed while idle is replaced, by a new message', async t => {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'
  let connections = 0
  const url = await serve(t, socket => {
    connections += 1
    let messages = 0
    socket.on('data', () => {
      messages += 1
      // The second message on a connection meets a reset.
      if (messages === 1) socket.write(answer)
      else socket.resetAndDestroy()
    })
  })
  const connection = connect(t, url)
  let made = 0
  const counted: Compose = local => { made += 1; return compose(local) }
  t.match(await connection.post(counted, 1000, signal), { kind: 'answered' })
  t.match(await connection.post(counted, 1000, signal), { kind: 'answered' })
  t.same([connections, made], [2, 3])
})

t.test('a reset of a fresh connection is a failure', async t => {
  const url = await serve(t, socket => socket.on('data', () => socket.resetAndDestroy()))
  t.match(await connect(t, url).post(compose, 1000, signal), { kind: 'failed', error: { code: 'ECONNRESET' } })
})

t.test('a refused connection is a failure', async t => {
  const gateway = await fakeGateway(t)
  await gateway.close()
  t.match(await connect(t, gateway.url).post(compose, 1000, signal), { kind: 'failed', error: { code: 'ECONNREFUSED' } })
})

t.test('an answer that does not come in time is a failure', async t => {
  const gateway = await fakeGateway(t, { answer: () => 'hang' })
  const clock = new ManualClock()
  const delivery = connect(t, gateway.url, clock).post(compose, 1500, signal)
  await gateway.seen(() => true)
  await clock.pass(1499)
  t.equal(await Promise.race([delivery, turn()]), undefined)
  await clock.pass(1)
  t.match(await delivery, { kind: 'failed', error: { message: 'no answer within 1500 ms' } })
})

t.test('an answer whose body does not end in time is a failure', async t => {
  const clock = new ManualClock()
  const url = await serve(t, socket => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')))
  const delivery = connect(t, url, clock).post(compose, 1500, signal)
  while (await Promise.race([delivery, turn()]) === undefined) await clock.pass(10)
  t.match(await delivery, { kind: 'failed' })
})

t.test('an answer that wants another protocol is a failure, when the time is over', async t => {
  const clock = new ManualClock()
  const url = await serve(t, socket => socket.on('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')))
  const delivery = connect(t, url, clock).post(compose, 1500, signal)
  while (await Promise.race([delivery, turn()]) === undefined) await clock.pass(10)
  t.match(await delivery, { kind: 'failed', error: { message: 'no answer within 1500 ms' } })
})

t.test('a connection that is not made within a second is a failure', async t => {
  const clock = new ManualClock()
  // TLS to a server that says nothing: connected, but never securely.
  const url = await serve(t, () => {})
  const delivery = connect(t, url.replace('http:', 'https:'), clock).post(compose, 5000, signal)
  while (clock.dueInMs !== 1000) await turn()
  await clock.pass(1000)
  t.match(await delivery, { kind: 'failed', error: { message: 'no connection within 1000 ms' } })
})

t.test('an endless answer is given up', async t => {
  const gateway = await fakeGateway(t, { answer: () => ({ body: 'x'.repeat(70_000) }) })
  t.match(await connect(t, gateway.url).post(compose, 1000, signal), { kind: 'failed', error: { message: 'an answer of more than 65536 bytes' } })
})

t.test('an abort ends the message at once', async t => {
  const gateway = await fakeGateway(t, { answer: () => 'hang' })
  const abort = new AbortController()
  const delivery = connect(t, gateway.url).post(compose, 5000, abort.signal)
  await gateway.seen(() => true)
  abort.abort()
  t.match(await delivery, { kind: 'failed', error: { name: 'AbortError' } })
})

t.test('a message that cannot be made is a failure, whatever was thrown', async t => {
  const gateway = await fakeGateway(t)
  const connection = connect(t, gateway.url)
  t.match(await connection.post(() => { throw new Error('no port') }, 1000, signal), { kind: 'failed', error: { message: 'no port' } })
  // eslint-disable-next-line no-throw-literal
  t.match(await connection.post(() => { throw 'no port' }, 1000, signal), { kind: 'failed', error: { message: 'no port' } })
})
