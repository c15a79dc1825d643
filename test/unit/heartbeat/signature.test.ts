import { createHash } from 'node:crypto'
import { test } from 'tap'
import { defaultKeyId, signatureHeaders, signatureOf } from '../../../lib/heartbeat/signature.js'
import { secret, startTime } from './fixtures.js'

const body = '{"service":"orders","port":3000}'
const vector = { secret, method: 'POST', target: '/heartbeat', time: startTime, nonce: '3f9a0c77e1b24d58', body }
const signature = 'v1=425de497fd52b26e0fc9f6d0d491928ea854e734003998bf343fd3ea4cfaa2f5'

test('the test vector of the protocol has its digest and its signature', async t => {
  t.equal(createHash('sha256').update(body).digest('hex'), 'd9ae5c85c4cd456a7c0659c66c7794340580c6b4a3fea9632100b5d40196cc02')
  t.equal(signatureOf(vector), signature)
})

test('bytes and text of the same body have the same signature', async t => {
  t.equal(signatureOf({ ...vector, body: Buffer.from(body) }), signature)
})

test('everything that is signed changes the signature', async t => {
  const changes = {
    secret: `${secret}x`, method: 'PUT', target: '/heartbeat?x', time: startTime + 1, nonce: '3f9a0c77e1b24d59', body: `${body} `
  }
  for (const [part, value] of Object.entries(changes)) t.not(signatureOf({ ...vector, [part]: value }), signature, part)
})

test('the headers have the names of the protocol', async t => {
  t.same(signatureHeaders, { key: 'x-heartbeat-key', time: 'x-heartbeat-time', nonce: 'x-heartbeat-nonce', signature: 'x-heartbeat-signature' })
  t.equal(defaultKeyId, 'default')
})
