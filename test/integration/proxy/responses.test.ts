import { once } from 'node:events'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test } from 'tap'
import { answerOf, headOf, openConnection, openRequest, send, textOf, until, within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { saying, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'

test('a response to HEAD — keeps the length of the body that is not there', async t => {
  const worker = await startWorker(t, answering(200, 'x'.repeat(99), { 'content-length': '99' }))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  t.match(await send(gateway.origin, { method: 'HEAD' }), { status: 200, headers: { 'content-length': '99' }, text: '', isBroken: false })
})

test('a response 204 — has no body and no length', async t => {
  const worker = await startWorker(t, (_request, response) => { response.writeHead(204, { 'x-a': '1' }).end() })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 204, headers: { 'x-a': '1' }, text: '', isBroken: false })
  t.notHas(answer.headers, { 'content-length': /./ })
})

test('a response 304 — keeps its validators', async t => {
  const worker = await startWorker(t, (_request, response) => { response.writeHead(304, { etag: '"1"', 'cache-control': 'no-cache' }).end() })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  t.match(await send(gateway.origin, { headers: { 'if-none-match': '"1"' } }), { status: 304, headers: { etag: '"1"', 'cache-control': 'no-cache' }, text: '' })
})

test('a response 304 — with the length of the body that it does without — is no failure', async t => {
  const upstream = await startUpstream(t, { received: ({ socket }) => { socket.write('HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 5\r\n\r\n') } })
  const gateway = await gatewayWith(t, { nodes: { a: upstream.origin } })
  for (let count = 0; count < 2; count++) t.match(await send(gateway.origin), { status: 304, headers: { etag: '"1"' }, text: '', isBroken: false })
  t.match(gateway.outcomes, [{ kind: 'response', statusCode: 304 }, { kind: 'response', statusCode: 304 }])
})

test('a response 204 — that has a length — loses it', async t => {
  const upstream = await startUpstream(t, saying('HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nx-a: 1\r\n\r\n'))
  const gateway = await gatewayWith(t, { nodes: { a: upstream.origin } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 204, headers: { 'x-a': '1' } })
  t.equal(answer.headers['content-length'], undefined)
})

test('a response whose type `rewriteHeaders` removes — gets none on its way, short or long', async t => {
  for (const text of ['short', 'x'.repeat(100_000)]) {
    const worker = await startWorker(t, answering(200, text, { 'content-type': 'text/plain' }))
    const gateway = await gatewayWith(t, {
      nodes: { a: worker.origin },
      routes: app => { app.get('/', (_request, reply) => reply.balance('things', { rewriteHeaders: ({ 'content-type': _removed, ...rest }) => rest })) }
    })
    const answer = await send(gateway.origin)
    t.equal(answer.text, text)
    t.equal(answer.headers['content-type'], undefined)
  }
})

test('a response without a type and without a body — arrives so', async t => {
  const worker = await startWorker(t, (_request, response) => { response.end() })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const answer = await send(gateway.origin)
  t.match(answer, { status: 200, text: '', isBroken: false })
  t.equal(answer.headers['content-type'], undefined)
})

test('a response without a type — gets none on its way', async t => {
  const worker = await startWorker(t, (_request, response) => { response.end('untyped') })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const answer = await send(gateway.origin)
  t.equal(answer.text, 'untyped')
  t.equal(answer.headers['content-type'], undefined)
})

test('several cookies — arrive as several headers', async t => {
  const worker = await startWorker(t, answering(200, '', { 'set-cookie': ['a=1; Path=/', 'b=2, 3'] }))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  t.same((await send(gateway.origin)).headers['set-cookie'], ['a=1; Path=/', 'b=2, 3'])
})

test('a compressed response — arrives byte for byte', async t => {
  const zipped = gzipSync('hello '.repeat(1000))
  const worker = await startWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain', 'content-length': zipped.length })
    response.end(zipped)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const answer = await send(gateway.origin, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(answer.headers['content-encoding'], 'gzip')
  t.equal(gunzipSync(answer.body).toString(), 'hello '.repeat(1000))
})

for (const [name, bytes] of [['100 KiB', 102_400], ['5 MiB', 5 * 2 ** 20]] as const) {
  test(`a response of ${name} — arrives whole — when the client reads slowly`, async t => {
    const body = Buffer.alloc(bytes)
    for (let at = 0; at < bytes; at += 4) body.writeUInt32BE(at, at)
    const worker = await startWorker(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).end(body) })
    const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
    const request = openRequest(gateway.origin)
    request.end()
    const response = await within(2000, 'head', headOf(request))
    await new Promise(resolve => setTimeout(resolve, 100))
    const chunks: Buffer[] = []
    response.on('data', chunk => {
      chunks.push(chunk)
      response.pause()
      setImmediate(() => response.resume())
    })
    await within(10_000, 'end', once(response, 'end'))
    t.equal(Buffer.concat(chunks).equals(body), true)
  })
}

test('a response — waits in the node — when the client does not read', async t => {
  let written = 0
  const worker = await startWorker(t, (_request, response) => {
    const chunk = Buffer.alloc(65_536)
    const write = (): void => {
      while (written < 60 * 2 ** 20 && !response.destroyed) {
        written += chunk.length
        if (!response.write(chunk)) return
      }
      response.end()
    }
    response.on('drain', write)
    write()
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const request = openRequest(gateway.origin)
  request.end()
  await within(2000, 'head', headOf(request))
  await new Promise(resolve => setTimeout(resolve, 300))
  t.ok(written < 30 * 2 ** 20, `${Math.round(written / 2 ** 20)} MiB went into the buffers of two connections`)
  request.on('error', () => {})
  request.destroy()
})

test('an event stream — passes piece by piece — and ends when the client leaves', async t => {
  const worker = await startWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
    events.push(() => response.write('data: 2\n\n'))
    response.on('close', () => { isClosed = true })
  })
  const events: Array<() => void> = []
  let isClosed = false
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const request = openRequest(gateway.origin)
  request.on('error', () => {})
  request.end()
  const response = await within(2000, 'head', headOf(request))
  response.on('error', () => {})
  t.equal(String((await within(2000, 'first event', once(response, 'data')))[0]), 'data: 1\n\n')
  events[0]?.()
  t.equal(String((await within(2000, 'second event', once(response, 'data')))[0]), 'data: 2\n\n')
  t.equal(gateway.inFlight(), 1, 'in flight until the body has ended')
  request.destroy()
  await until('the close', () => isClosed)
})

test('an event stream — lets its head pass before the first event', async t => {
  const worker = await startWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    setTimeout(() => response.end('data: late\n\n'), 150)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const request = openRequest(gateway.origin)
  request.end()
  const answer = await within(2000, 'answer', headOf(request).then(answerOf))
  t.match(answer, { status: 200, text: 'data: late\n\n' })
})

test('early hints of a node — do not disturb the response', async t => {
  const a = await startUpstream(t, saying('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'))
  const b = await startUpstream(t, saying('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok'))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin } })
  t.match(await send(gateway.origin), { status: 200, text: 'ok', headers: { link: undefined } })
})

test('what a response says of the connection to the node — does not reach the client', async t => {
  const a = await startUpstream(t, saying([
    'HTTP/1.1 200 OK', 'Connection: Keep-Alive, X-Hop', 'KEEP-ALIVE: timeout=77', 'X-Hop: 1', 'Proxy-Authenticate: Basic', 'Proxy-Connection: close',
    'Trailer: X-T', 'TE: trailers', 'Upgrade: h2c', 'X-End: 1', 'Content-Type: text/plain', 'Content-Length: 2', '', 'ok'
  ].join('\r\n')))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  const { headers, text } = await send(gateway.origin)
  t.equal(text, 'ok')
  t.match(headers, { 'x-end': '1', 'x-hop': undefined, 'proxy-authenticate': undefined, 'proxy-connection': undefined, trailer: undefined, te: undefined, upgrade: undefined })
  t.notMatch(headers['keep-alive'], /77/)
})

test('header values that are not ASCII — arrive byte for byte', async t => {
  const raw = Buffer.from('HTTP/1.1 200 OK\r\nx-latin: caf\xe9\r\nx-utf8: \xe6\x97\xa5\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok', 'latin1')
  const a = await startUpstream(t, { received: ({ socket }) => { socket.end(raw) } })
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  const { headers, text } = await send(gateway.origin)
  t.match({ text, latin: headers['x-latin'], utf8: headers['x-utf8'] }, { text: 'ok', latin: 'caf\xe9', utf8: '\xe6\x97\xa5' })
})

test('a response head that no client could be sent — is a 502, and harms nobody else', async t => {
  const a = await startUpstream(t, saying('HTTP/1.1 200 OK\r\nx-odd: a\x01b\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok'))
  const gateway = await gatewayWith(t, { nodes: { a: a.origin } })
  t.match(await send(gateway.origin), { status: 502 })
})

test('a client that wants its connection closed — gets it closed after the response', async t => {
  const worker = await startWorker(t, answering(200, 'fine'))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  t.match(await textOf(socket, 1000), /^HTTP\/1.1 200 OK\r\n[^]*connection: close\r\n[^]*fine$/i)
})

test('a client that speaks HTTP/1.0 — gets the response unchunked, and then the close', async t => {
  const worker = await startWorker(t, (_request, response) => {
    response.write('one ')
    setTimeout(() => response.end('two'), 20)
  })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin } })
  const socket = await openConnection(t, gateway.origin)
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const text = await textOf(socket)
  t.match(text, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\none two$/)
  t.notMatch(text, /transfer-encoding/i)
})
