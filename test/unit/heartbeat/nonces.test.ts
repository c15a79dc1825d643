import { test } from 'tap'
import { mostNonces, Nonces } from '../../../lib/heartbeat/nonces.js'

test('a nonce is used once per key', async t => {
  const nonces = new Nonces(120)
  t.ok(nonces.use('a', 'n', 0))
  t.notOk(nonces.use('a', 'n', 1))
  t.ok(nonces.use('b', 'n', 1), 'another key')
})

test('a nonce is remembered until its time is over, not less', async t => {
  for (const [at, isFree] of [[119, false], [120, false], [121, true]] as const) {
    const nonces = new Nonces(120)
    nonces.use('a', 'n', 0)
    t.equal(nonces.use('a', 'n', at), isFree, `after ${at}`)
  }
})

test('silence leaves no nonces behind once the key is used again', async t => {
  const nonces = new Nonces(120)
  for (let count = 0; count < 50; count++) nonces.use('a', String(count), count)
  t.equal(nonces.size('a'), 50)
  nonces.use('a', 'late', 10_000)
  t.equal(nonces.size('a'), 1)
  t.equal(nonces.size('never'), 0)
})

test('the memory of a key is bounded, and the newest stay in it', async t => {
  const nonces = new Nonces(120)
  for (let count = 0; count < mostNonces + 10; count++) nonces.use('a', String(count), 0)
  t.equal(nonces.size('a'), mostNonces)
  t.notOk(nonces.use('a', String(mostNonces + 9), 0), 'the newest')
})
