import { test } from 'tap'
import { beat, gatewayWith, secret, signed, startTime } from './fixtures.js'

const body = JSON.stringify({ service: 'orders', port: 3000 })
const from = '10.0.0.5'
const unauthorized = (message: RegExp) => ({ statusCode: 401, code: 'FST_BALANCE_HEARTBEAT_UNAUTHORIZED', error: 'Unauthorized', serverTime: startTime, message })

test('a signed heartbeat is let in, from anywhere', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { secret } })
  t.equal((await beat(app, body, { from, headers: signed(body) })).statusCode, 200)
  t.equal((await beat(app, body, { from, headers: signed(body, { key: 'default' }) })).statusCode, 200)
  t.equal(registry.announcements.length, 2)
})

test('the test vector of the protocol is let in', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { secret } })
  const headers = {
    'x-heartbeat-time': '1795355366',
    'x-heartbeat-nonce': '3f9a0c77e1b24d58',
    'x-heartbeat-signature': 'v1=425de497fd52b26e0fc9f6d0d491928ea854e734003998bf343fd3ea4cfaa2f5'
  }
  t.equal((await beat(app, '{"service":"orders","port":3000}', { from, headers })).statusCode, 200)
})

test('with a secret, processes of this machine sign too', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { secret } })
  t.match((await beat(app, body)).json(), unauthorized(/the header x-heartbeat-time is missing$/))
  t.equal(registry.announcements.length, 0)
})

test('a header that is missing or malformed is a 401 that names it', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { secret } })
  const rows: ReadonlyArray<readonly [header: string, values: readonly string[]]> = [
    ['x-heartbeat-time', ['', 'soon', '-1', '1.5', '01795355366', '1795355366000000', '0x10']],
    ['x-heartbeat-nonce', ['', 'short', 'x'.repeat(15), 'x'.repeat(65), `${'x'.repeat(15)}/`]],
    ['x-heartbeat-signature', ['', 'v1=', `v2=${'0'.repeat(64)}`, `v1=${'0'.repeat(63)}`, `v1=${'G'.repeat(64)}`]],
    ['x-heartbeat-key', ['', 'a b', 'k'.repeat(129)]]
  ]
  for (const [header, values] of rows) {
    for (const value of values) {
      const response = await beat(app, body, { from, headers: { ...signed(body), [header]: value } })
      t.match(response.json(), unauthorized(new RegExp(`the header ${header} is malformed$`)), `${header}: ${value}`)
    }
  }
  const { 'x-heartbeat-nonce': _, ...withoutNonce } = signed(body)
  t.match((await beat(app, body, { from, headers: withoutNonce })).json(), unauthorized(/the header x-heartbeat-nonce is missing$/))
  t.equal(registry.announcements.length, 0)
})

test('what is signed cannot be changed on the way', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { secret } })
  const wrong = unauthorized(/the signature is wrong$/)
  t.match((await beat(app, `${body} `, { from, headers: signed(body) })).json(), wrong, 'body')
  t.match((await beat(app, body, { from, headers: signed(body, { secret: `${secret}!` }) })).json(), wrong, 'secret')
  t.match((await beat(app, body, { from, headers: signed(body, { target: '/' }) })).json(), wrong, 'target')
  t.match((await beat(app, body, { from, headers: signed(body, { method: 'PUT' }) })).json(), wrong, 'method')
  t.match((await beat(app, body, { from, headers: { ...signed(body), 'x-heartbeat-time': String(startTime + 1) } })).json(), wrong, 'time')
  t.match((await beat(app, body, { from, headers: { ...signed(body), 'x-heartbeat-nonce': 'another-nonce-01' } })).json(), wrong, 'nonce')
  t.match((await beat(app, body, { from, url: '/heartbeat?x=1', headers: signed(body) })).json(), wrong, 'query')
  t.equal((await beat(app, body, { from, url: '/heartbeat?x=1', headers: signed(body, { target: '/heartbeat?x=1' }) })).statusCode, 200)
  t.equal(registry.announcements.length, 1)
})

test('the time of a heartbeat may be 60 seconds off, not more', async t => {
  const { app, clock } = await gatewayWith(t, { heartbeat: { secret } })
  const statusOf = async (time: number) => (await beat(app, body, { from, headers: signed(body, { time }) })).statusCode
  t.same(await Promise.all([-61, -60, -59, 59, 60, 61].map(offset => statusOf(startTime + offset))), [401, 200, 200, 200, 200, 401])
  clock.advance(59_999)
  t.equal(await statusOf(startTime), 200)
  clock.advance(1)
  t.equal(await statusOf(startTime), 200)
  clock.advance(1)
  const late = await beat(app, body, { from, headers: signed(body, { time: startTime }) })
  t.match(late.json(), { ...unauthorized(/its time is too far/), serverTime: startTime + 60 })
})

test('a heartbeat that was heard cannot be sent again, for as long as its time allows it', async t => {
  const { app, clock, registry } = await gatewayWith(t, { heartbeat: { secret } })
  const headers = signed(body, { time: startTime + 60 })
  t.equal((await beat(app, body, { from, headers })).statusCode, 200)
  t.match((await beat(app, body, { from, headers })).json(), unauthorized(/the nonce was used before$/))
  clock.advance(120_000)
  t.match((await beat(app, body, { from, headers })).json(), { statusCode: 401, message: /the nonce was used before$/ })
  clock.advance(1)
  t.match((await beat(app, body, { from, headers })).json(), { statusCode: 401, message: /its time is too far/ })
  t.equal(registry.announcements.length, 1)
})

test('a nonce is not taken by who cannot sign', async t => {
  const { app } = await gatewayWith(t, { heartbeat: { secret } })
  const nonce = 'the-nonce-of-a-node'
  t.equal((await beat(app, body, { from, headers: signed(body, { nonce, secret: 'a guess of the secret' }) })).statusCode, 401)
  t.equal((await beat(app, body, { from, headers: signed(body, { nonce }) })).statusCode, 200)
})

test('two secrets hold at once, and each has its nonces', async t => {
  const next = 'the secret of tomorrow'
  const { app } = await gatewayWith(t, { heartbeat: { secret, secrets: [{ id: 'next', secret: next }] } })
  const nonce = 'one-nonce-for-both'
  t.equal((await beat(app, body, { from, headers: signed(body, { nonce }) })).statusCode, 200)
  t.equal((await beat(app, body, { from, headers: signed(body, { nonce, key: 'next', secret: next }) })).statusCode, 200)
  t.equal((await beat(app, body, { from, headers: signed(body, { key: 'next' }) })).statusCode, 401, 'the other one\'s secret')
  t.match((await beat(app, body, { from, headers: signed(body, { key: 'last' }) })).json(), unauthorized(/the key 'last' is not known$/))
})

test('a secret registers only the services of its scope', async t => {
  const { app, registry } = await gatewayWith(t, { heartbeat: { secrets: [{ id: 'shop', secret, services: ['orders', 'users'] }] } })
  t.equal((await beat(app, body, { from, headers: signed(body, { key: 'shop' }) })).statusCode, 200)
  const other = JSON.stringify({ service: 'billing', port: 3000 })
  t.match((await beat(app, other, { from, headers: signed(other, { key: 'shop' }) })).json(), {
    statusCode: 403, code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN', error: 'Forbidden', message: /the service 'billing' is not allowed$/
  })
  t.equal(registry.announcements.length, 1)
})

test('authenticate lets in by true alone', async t => {
  const answers: Record<string, () => unknown> = {
    yes: () => true, later: async () => true, no: () => false, truthy: () => 'yes', throws: () => { throw new Error('secret reason') }, rejects: async () => { throw new Error('secret reason') }
  }
  const { app } = await gatewayWith(t, { heartbeat: { authenticate: request => answers[String(request.headers['x-who'])]?.() as boolean } })
  const answerTo = (who: string) => beat(app, body, { from, headers: { 'x-who': who } })
  for (const who of ['yes', 'later']) t.equal((await answerTo(who)).statusCode, 200, who)
  for (const who of ['no', 'truthy', 'throws', 'rejects']) {
    const response = await answerTo(who)
    t.match(response.json(), unauthorized(/not let in$/), who)
    t.notMatch(response.body, /secret reason/)
  }
})

test('with nothing configured only processes of this machine register, and one warning says so', async t => {
  const { app, warnings, registry } = await gatewayWith(t)
  t.same(warnings.map(({ path, msg }) => ({ path, msg })), [{ path: '/heartbeat', msg: 'no heartbeat.secret is set: only processes of this machine may register nodes' }])
  for (const here of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.0.0.9']) t.equal((await beat(app, body, { from: here })).statusCode, 200, here)
  const forbidden = { statusCode: 403, code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN' }
  t.match((await beat(app, body, { from })).json(), forbidden)
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
    t.match((await beat(app, body, { headers: { [name]: '127.0.0.1' } })).json(), forbidden, name)
    t.match((await beat(app, body, { from, headers: { [name]: '127.0.0.1' } })).json(), forbidden, name)
  }
  t.equal(registry.announcements.length, 4)
})

test('an explicit secret: false means the same, without the warning', async t => {
  const { app, warnings } = await gatewayWith(t, { heartbeat: { secret: false } })
  t.same(warnings, [])
  t.equal((await beat(app, body)).statusCode, 200)
  t.equal((await beat(app, body, { from })).statusCode, 403)
})
