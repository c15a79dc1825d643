import { Stream } from 'node:stream'
import { test } from 'tap'
import { openConnection, send, textOf } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'

const json = { 'content-type': 'application/json' }

for (const body of ['null', 'false', '0', '""', '[]', '{}', '"text"', '12', 'true', '{"a":[1,null]}']) {
  test(`a JSON body ${body} — arrives as it was`, async t => {
    const worker = await startWorker(t)
    const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
    t.match(await send(gateway.origin, { method: 'POST', headers: json, body }), { status: 200 })
    t.match(worker.received, [{ headers: { 'content-type': 'application/json', 'content-length': String(body.length) } }])
    t.equal(worker.received[0]?.body.toString(), body)
  })
}

test('a body of plain text — arrives as it was', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  await send(gateway.origin, { method: 'PUT', headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'käse' })
  t.equal(worker.received[0]?.body.toString(), 'käse')
})

test('a body that the app parsed into a Buffer — arrives byte for byte — whatever its type', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    before: app => {
      app.removeAllContentTypeParsers()
      app.addContentTypeParser(['application/json', 'application/hal+json', 'image/png'], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    }
  })
  const body = '{"big": 12345678901234567890, "twice": 1, "twice": 2}'
  for (const type of ['application/json; charset=utf-8', 'application/hal+json', 'image/png']) {
    t.match(await send(gateway.origin, { method: 'POST', headers: { 'content-type': type }, body }), { status: 200 }, type)
    t.equal(worker.received.at(-1)?.body.toString(), body, type)
  }
})

test('a body of a stream that is not of node:stream itself — arrives whole', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    before: app => app.addContentTypeParser('*', (_request, payload, done) => {
      // as the streams that compression plugins hand on: readable-stream has a Readable of its own
      const foreign = new Stream()
      payload.on('data', chunk => foreign.emit('data', chunk))
      payload.on('end', () => foreign.emit('end'))
      done(null, foreign)
    })
  })
  await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'bytes' })
  t.equal(worker.received[0]?.body.toString(), 'bytes')
})

test('a body that was parsed into something else — is refused, and nothing is sent', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    before: app => app.addContentTypeParser('application/x-www-form-urlencoded', (_request, payload, done) => {
      payload.resume()
      payload.on('end', () => done(null, { parsed: true }))
    })
  })
  const answer = await send(gateway.origin, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' })
  t.match(answer.json(), { statusCode: 415, code: 'FST_BALANCE_BODY', message: /'things'/ })
  t.same(worker.urls, [])
})

test('a GET with a body — is sent without it, and its connection serves on', async t => {
  const worker = await startWorker(t, answering(200, 'fine'))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  t.match(await send(gateway.origin, { headers: { ...json, 'content-length': 7 }, body: '{"a":1}' }), { status: 200, text: 'fine' })
  t.match(await send(gateway.origin, { headers: { ...json, 'transfer-encoding': 'chunked' }, body: '{"a":1}' }), { status: 200, text: 'fine' })
  t.match(worker.received, [{ headers: { 'content-length': undefined, 'transfer-encoding': undefined } }, { headers: { 'content-length': undefined, 'transfer-encoding': undefined } }])
})

test('a DELETE with a body — is sent with it', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  await send(gateway.origin, { method: 'DELETE', headers: { ...json, 'content-length': 7 }, body: '{"a":1}' })
  t.equal(worker.received[0]?.body.toString(), '{"a":1}')
})

test('a POST without a body — is sent with length 0', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  await send(gateway.origin, { method: 'POST' })
  t.match(worker.received, [{ headers: { 'content-length': '0' }, body: Buffer.alloc(0) }])
})

test('Expect: 100-continue — is answered by the gateway and not sent on', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write('POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: text/plain\r\ncontent-length: 4\r\nconnection: close\r\n\r\n')
  socket.once('data', () => socket.write('body'))
  t.match(await textOf(socket), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/)
  t.match(worker.received, [{ headers: { expect: undefined } }])
  t.equal(worker.received[0]?.body.toString(), 'body')
})

test('what a request says of the connection to the gateway — does not reach the node', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write([
    'GET / HTTP/1.1', 'Host: shop.example', 'CONNECTION: X-Hop, Upgrade, HTTP2-Settings, close', 'X-Hop: 1', 'Keep-Alive: timeout=5', 'UPGRADE: h2c', 'HTTP2-Settings: AA', 'TE: trailers',
    'Trailer: X-T', 'Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic x', 'Transfer-Encoding: chunked', 'X-End: 1', '', '0', '', ''
  ].join('\r\n'))
  t.match(await textOf(socket), /^HTTP\/1.1 200 OK/)
  const headers = worker.received[0]?.headers ?? {}
  t.same(Object.keys(headers).sort(), ['connection', 'host', 'x-end', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
  t.equal(headers.host, new URL(worker.origin).host)
  t.equal(headers['x-forwarded-host'], 'shop.example')
})

for (const path of ['/../secret', '/a/../../secret', '/a/%2e%2e/secret', '/%2e%2e%2fsecret', '/a/..%2fb', '/a/..', '/%']) {
  test(`the path ${path} — is a 400, and nothing is sent`, async t => {
    const worker = await startWorker(t)
    const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
    const socket = await openConnection(t, gateway.origin)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    t.match(await textOf(socket), /^HTTP\/1.1 400 Bad Request/)
    t.same(worker.urls, [])
  })
}

for (const [path, arrives] of [['//evil.example/x', '//evil.example/x'], ['/a//b', '/a//b'], ['/[...slug]?q=[1]', '/[...slug]?q=[1]'], ['/a%2Fb?x=%20y&x=2', '/a%2Fb?x=%20y&x=2'], ['/?', '/?'], ['/a;b=c', '/a;b=c']]) {
  test(`the path ${path} — arrives at the node of the service as ${arrives}`, async t => {
    const worker = await startWorker(t, answering(200))
    const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
    const socket = await openConnection(t, gateway.origin)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    t.match(await textOf(socket), /^HTTP\/1.1 200 OK/)
    t.same(worker.urls, [arrives])
  })
}

test('an absolute request target — cannot name another host', async t => {
  const worker = await startWorker(t)
  const evil = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write(`GET ${evil.origin}/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  t.match(await textOf(socket), /^HTTP\/1.1 (400|404) /)
  t.same([evil.connections.length, worker.urls.length], [0, 0])
})

test('x-forwarded-* — say what the gateway saw — whatever the client claims', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  await send(gateway.origin, { headers: { host: 'shop.example:81', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil', forwarded: 'for=1.2.3.4' } })
  t.match(worker.received, [{ headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'shop.example:81', forwarded: undefined } }])
})

test('x-forwarded-* — keep what a trusted proxy said, and add it', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, server: { trustProxy: true } })
  await send(gateway.origin, { headers: { 'x-forwarded-for': '1.2.3.4, 5.6.7.8', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' } })
  t.match(worker.received, [{ headers: { 'x-forwarded-for': '1.2.3.4, 5.6.7.8, 127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' } }])
})

test('x-forwarded-* — pass untouched — with `forwarded: false`', async t => {
  const worker = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, forwarded: false })
  await send(gateway.origin, { headers: { 'x-forwarded-for': 'any' } })
  t.match(worker.received, [{ headers: { 'x-forwarded-for': 'any', 'x-forwarded-proto': undefined, 'x-forwarded-host': undefined } }])
})
