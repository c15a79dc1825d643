import { test } from 'tap'
import { isOnLoopback } from '../../../lib/sync/loopback.js'

test('an address is on loopback when it means another machine on every machine', async t => {
  for (const address of ['http://127.0.0.1:3000', 'https://127.9.9.9', 'http://localhost:1', 'http://localhost', 'http://localhost/heartbeat', 'http://app.localhost:80', 'http://[::1]:3000', 'http://[::1]', 'http://[::ffff:7f00:1]:80']) {
    t.ok(isOnLoopback(address), address)
  }
})

test('an address that only looks like one is not', async t => {
  for (const address of ['http://10.0.0.1:3000', 'http://localhost.example.com', 'http://notlocalhost:1', 'http://127.example.com:1', 'http://127.0.0.1.example.com', 'http://[::2]:3000', 'http://[::ffff:a00:1]', 'http://128.0.0.1', 'nonsense']) {
    t.notOk(isOnLoopback(address), address)
  }
})
