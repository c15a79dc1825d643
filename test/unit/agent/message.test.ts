import t from 'tap'
import { agentSettingsOf } from '../../../lib/agent/settings.js'
import { bodyOf, messageOf } from '../../../lib/agent/message.js'
import { signatureOf } from '../../../lib/heartbeat/signature.js'

const secret = '0123456789abcdef0123456789abcdef'
const load = { eventLoopUtilization: 0.5, eventLoopDelayMs: null, heapUsedBytes: 1, rssBytes: 2, inFlight: 0, underPressure: false }
const moment = { place: { port: 3000 }, order: { incarnation: 7, seq: 1 }, state: 'up', load } as const
const least = { service: 'orders', gateways: ['http://g'] }

t.test('a heartbeat says everything that was given, and nothing that was not', async t => {
  t.same(bodyOf(agentSettingsOf(least), moment), { service: 'orders', incarnation: 7, seq: 1, port: 3000, state: 'up', weight: 1, load })
  const settings = agentSettingsOf({ ...least, weight: 0, zone: 'a', version: '2', tags: { canary: 'yes' } })
  t.same(bodyOf(settings, { ...moment, place: { origin: 'http://a:1' }, order: { id: 'x', incarnation: 7, seq: 2 }, state: 'left' }), {
    service: 'orders', id: 'x', incarnation: 7, seq: 2, origin: 'http://a:1', state: 'left', weight: 0, zone: 'a', version: '2', tags: { canary: 'yes' }, load
  })
})

t.test('without a secret a message carries no signature', async t => {
  const { headers, body } = messageOf({ service: 'orders', port: 3000 }, 'http://g/heartbeat', agentSettingsOf(least), 5)
  t.equal(headers['content-type'], 'application/json')
  t.same(Object.keys(headers).filter(name => name.startsWith('x-')), [])
  t.equal(body, '{"service":"orders","port":3000}')
})

t.test('a signature covers method, path, time, nonce and body', async t => {
  const settings = agentSettingsOf({ ...least, secret, secretId: 'blue' })
  const { headers, body } = messageOf({ service: 'orders', port: 3000 }, 'http://g/hb', settings, 1795355366)
  const nonce = headers['x-heartbeat-nonce'] ?? ''
  t.match(headers, { 'x-heartbeat-key': 'blue', 'x-heartbeat-time': '1795355366', 'x-heartbeat-nonce': /^[\w-]{16,64}$/ })
  t.equal(headers['x-heartbeat-signature'], signatureOf({ secret, method: 'POST', target: '/hb', time: 1795355366, nonce, body }))
})

t.test('no nonce is used twice', async t => {
  const settings = agentSettingsOf({ ...least, secret })
  const nonces = Array.from({ length: 100 }, () => messageOf({ service: 'orders', port: 1 }, 'http://g/', settings, 1).headers['x-heartbeat-nonce'])
  t.equal(new Set(nonces).size, 100)
})
