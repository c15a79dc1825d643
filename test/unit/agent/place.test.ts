import t from 'tap'
import { isIPv4Only, placeOf } from '../../../lib/agent/place.js'

const at = (address: string): { address: string, port: number } => ({ address, port: 3000 })
const plain = (...addresses: string[]) => ({ bindings: addresses.map(at), secure: false })
const secure = (...addresses: string[]) => ({ bindings: addresses.map(at), secure: true })

const rows = [
  ['a specific address', plain('10.0.0.5'), '10.0.0.5', { origin: 'http://10.0.0.5:3000' }],
  ['a specific address, seen from another one', plain('10.0.0.5'), '10.9.9.9', { origin: 'http://10.0.0.5:3000' }],
  ['a specific IPv6 address', plain('fd00::2'), 'fd00::2', { origin: 'http://[fd00::2]:3000' }],
  ['loopback, to a gateway over ::1', plain('127.0.0.1'), '::1', { origin: 'http://127.0.0.1:3000' }],
  ['loopback, to a gateway on another machine', plain('127.0.0.1'), '10.0.0.5', { origin: 'http://127.0.0.1:3000' }],
  ['localhost, over ::1', plain('127.0.0.1', '::1'), '::1', { origin: 'http://[::1]:3000' }],
  ['localhost, over 127.0.0.1', plain('::1', '127.0.0.1'), '127.0.0.1', { origin: 'http://127.0.0.1:3000' }],
  ['localhost, over another address of IPv4', plain('::1', '127.0.0.1'), '10.0.0.5', { origin: 'http://127.0.0.1:3000' }],
  ['every address', plain('::'), '10.0.0.5', { port: 3000 }],
  ['every address, over ::1', plain('::'), '::1', { port: 3000 }],
  ['every IPv4 address', plain('0.0.0.0'), '10.0.0.5', { port: 3000 }],
  ['every IPv4 address, over 127.0.0.1', plain('0.0.0.0'), '127.0.0.1', { port: 3000 }],
  ['every IPv4 address, over ::1', plain('0.0.0.0'), '::1', { origin: 'http://127.0.0.1:3000' }],
  ['TLS on a specific address', secure('10.0.0.5'), '10.0.0.5', { origin: 'https://10.0.0.5:3000' }],
  ['TLS on every address', secure('::'), '::ffff:10.0.0.5', { origin: 'https://10.0.0.5:3000' }],
  ['TLS on every address, over IPv6', secure('::'), 'fd00::2%eth0', { origin: 'https://[fd00::2]:3000' }],
  ['TLS on every IPv4 address, over ::1', secure('0.0.0.0'), '::1', { origin: 'https://127.0.0.1:3000' }],
  ['no port', plain(), '127.0.0.1', null]
] as const

for (const [name, listener, local, expected] of rows) {
  t.test(`a server that listens on ${name} is announced as ${JSON.stringify(expected)}`, async t => {
    t.same(placeOf(listener, local), expected)
  })
}

t.test('only the IPv4 wildcard alone wants its gateways by IPv4', async t => {
  t.same([plain('0.0.0.0'), plain('::'), plain('0.0.0.0', '::'), plain('10.0.0.5'), plain()].map(isIPv4Only), [true, false, false, false, false])
})
