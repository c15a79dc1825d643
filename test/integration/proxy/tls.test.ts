import { test } from 'tap'
import { send } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { certificate, startTlsWorker } from '../../support/worker-tls.js'
import { answering, startWorker } from '../../support/worker.js'

test('a certificate that nobody vouches for — is not accepted', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await startTlsWorker(t) } })
  const answer = await send(gateway.origin)
  t.equal(answer.status, 502)
  t.equal(answer.json().code, 'FST_BALANCE_UPSTREAM')
  t.notMatch(answer.text, /certificate|127\.0\.0\.1/)
  t.same(gateway.trace, ['a/unreached'])
})

test('a certificate that nobody vouches for — sends any method to the next node', async t => {
  const worker = await startWorker(t, answering(200, 'fine'))
  const gateway = await gatewayWith(t, { nodes: { a: await startTlsWorker(t), b: worker.origin } })
  t.match(await send(gateway.origin, { method: 'POST' }), { status: 200, text: 'fine' })
})

test('a certificate of an authority in `tls.ca` — is accepted', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await startTlsWorker(t) }, tls: { ca: certificate } })
  for (let round = 0; round < 2; round++) t.match(await send(gateway.origin), { status: 200, text: 'over TLS' })
})

test('a certificate for another name — is not accepted — and is with `tls.servername`', async t => {
  const origin = (await startTlsWorker(t)).replace('127.0.0.1', 'localhost')
  const wrong = await gatewayWith(t, { nodes: { a: origin }, tls: { ca: certificate } })
  t.equal((await send(wrong.origin)).status, 502)
  const right = await gatewayWith(t, { nodes: { a: origin }, tls: { ca: certificate, servername: 'node.example' } })
  t.match(await send(right.origin), { status: 200, text: 'over TLS' })
})

test('`tls.rejectUnauthorized: false` — accepts any certificate', async t => {
  const gateway = await gatewayWith(t, { nodes: { a: await startTlsWorker(t) }, tls: { rejectUnauthorized: false } })
  t.match(await send(gateway.origin), { status: 200, text: 'over TLS' })
})

test('`tls` of one service — does not hold for another', async t => {
  const origin = await startTlsWorker(t)
  const gateway = await gatewayWith(t, {
    nodes: { a: origin },
    tls: { ca: certificate },
    gateway: { services: { other: { nodes: [origin] } } },
    routes: app => { app.get('/:service', (request, reply) => reply.balance((request.params as { service: string }).service)) }
  })
  t.equal((await send(`${gateway.origin}/things`)).status, 200)
  t.equal((await send(`${gateway.origin}/other`)).status, 502)
})
