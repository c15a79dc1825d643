import t from 'tap'
import { cureOf } from '../../../lib/agent/cure.js'

const listening = (...addresses: string[]) => ({ bindings: addresses.map(address => ({ address, port: 3000 })), secure: false })
const far = 'http://10.0.0.2:8080/heartbeat'
const cure = "this app listens on this machine only: listen on '0.0.0.0' or give option 'origin'"

const rows = [
  ['an app that listens on loopback only', 'forbidden', { gateway: far, origin: null, listener: listening('127.0.0.1') }, cure],
  ['an app that listens on localhost', 'forbidden', { gateway: 'https://gateway.example/heartbeat', origin: null, listener: listening('::1', '127.0.0.1') }, cure],
  ['an app that others reach', 'forbidden', { gateway: far, origin: null, listener: listening('0.0.0.0') }, null],
  ['an app that others reach by one of its addresses', 'forbidden', { gateway: far, origin: null, listener: listening('127.0.0.1', '10.0.0.5') }, null],
  ['an app whose origin is given', 'forbidden', { gateway: far, origin: 'http://10.0.0.5', listener: listening('127.0.0.1') }, null],
  ['a gateway on this machine', 'forbidden', { gateway: 'http://127.0.0.1:8080/heartbeat', origin: null, listener: listening('127.0.0.1') }, null],
  ['a gateway on this machine, by IPv6', 'forbidden', { gateway: 'http://[::1]:8080/heartbeat', origin: null, listener: listening('127.0.0.1') }, null],
  ['a gateway on this machine, by name', 'forbidden', { gateway: 'http://localhost:8080/heartbeat', origin: null, listener: listening('127.0.0.1') }, null],
  ['another trouble', 'unauthorized', { gateway: far, origin: null, listener: listening('127.0.0.1') }, null]
] as const

for (const [name, trouble, situation, expected] of rows) {
  t.test(`${name}: ${expected === null ? 'no cure is known' : 'a cure is known'}`, async t => {
    t.equal(cureOf(trouble, situation), expected)
  })
}
