import { test } from 'tap'
import { refusalOf } from '../../../lib/heartbeat/address.js'
import { networksOf } from '../../../lib/heartbeat/networks.js'
import type { AddressPolicy, Sender } from '../../../lib/heartbeat/address.js'

interface Rules {
  readonly cidrs?: readonly string[]
  readonly ports?: readonly number[]
  readonly listening?: readonly string[]
  readonly local?: readonly string[]
}

const policy = ({ cidrs = [], ports, listening = [], local = [] }: Rules = {}): AddressPolicy => ({
  allow: { networks: networksOf(cidrs), ports: ports ?? null, hosts: [] },
  own: { listening: () => listening, isLocal: address => local.includes(address) }
})
const remote: Sender = { address: '10.0.0.5', isLoopback: false }
const here: Sender = { address: '127.0.0.1', isLoopback: true }
const throughProxyHere: Sender = { address: '127.0.0.1', isLoopback: false }
const target = (address: string, port = 3000) => ({ address, port, byAllowedName: false })

test('without options a sender may register its own address and no other', async t => {
  t.equal(refusalOf(target('10.0.0.5'), remote, policy()), null)
  t.equal(refusalOf(target('fd00::5'), { address: 'fd00::5', isLoopback: false }, policy()), null)
  t.equal(refusalOf(target('10.0.0.6'), remote, policy()), "10.0.0.6 is not the sender's own address, which is 10.0.0.5, and not in heartbeat.allow")
  t.equal(refusalOf(target('10.0.0.6'), { address: null, isLoopback: false }, policy()), "10.0.0.6 is not the sender's own address, which is none, and not in heartbeat.allow")
})

test('allowed networks widen it', async t => {
  t.equal(refusalOf(target('10.9.0.1'), remote, policy({ cidrs: ['10.0.0.0/8'] })), null)
  t.match(refusalOf(target('11.0.0.1'), remote, policy({ cidrs: ['10.0.0.0/8'] })), /not in heartbeat\.allow/)
  t.equal(refusalOf(target('fd00::9'), remote, policy({ cidrs: ['fd00::/8'] })), null)
})

test('an allowed host name stands for its addresses', async t => {
  t.equal(refusalOf({ ...target('11.0.0.1'), byAllowedName: true }, remote, policy()), null)
})

test('some addresses are refused whatever the options allow', async t => {
  const wide = policy({ cidrs: ['0.0.0.0/0', '::/0'] })
  const rows: ReadonlyArray<readonly [address: string, message: RegExp]> = [
    ['0.0.0.0', /an unspecified/], ['0.1.2.3', /an unspecified/], ['::', /an unspecified/],
    ['224.0.0.1', /a multicast/], ['239.255.255.255', /a multicast/], ['ff02::1', /a multicast/],
    ['255.255.255.255', /the broadcast/],
    ['169.254.0.0', /a link-local/], ['169.254.169.254', /a link-local/], ['169.254.255.255', /a link-local/],
    ['fe80::1', /a link-local/], ['febf::1', /a link-local/], ['fd00:ec2::254', /metadata/],
    ['127.0.0.1', /a loopback/], ['127.9.9.9', /a loopback/], ['::1', /a loopback/],
    ['::7f00:1', /an IPv4-in-IPv6/], ['::a9fe:a9fe', /an IPv4-in-IPv6/], ['2002:a9fe:a9fe::1', /an IPv4-in-IPv6/],
    ['64:ff9b::7f00:1', /an IPv4-in-IPv6/], ['64:ff9b::a9fe:a9fe', /an IPv4-in-IPv6/], ['64:ff9b::1', /an IPv4-in-IPv6/],
    ['64:ff9b::ffff:ffff', /an IPv4-in-IPv6/], ['64:ff9b::e000:1', /an IPv4-in-IPv6/]
  ]
  for (const [address, message] of rows) {
    t.match(refusalOf(target(address), remote, wide), message, address)
    t.match(refusalOf(target(address), { address, isLoopback: false }, wide), message, `${address}, by itself`)
    t.match(refusalOf({ ...target(address), byAllowedName: true }, remote, wide), message, `${address}, by an allowed name`)
  }
  for (const address of ['1.0.0.1', '169.253.255.255', '169.255.0.0', '223.255.255.255', '240.0.0.1', '255.255.255.254', '128.0.0.1', 'fec0::1', 'fe7f::1', '64:ff9b::a00:5']) {
    t.equal(refusalOf(target(address), remote, wide), null, address)
  }
})

test('a process of this machine may register every address of the machine', async t => {
  for (const address of ['127.0.0.1', '127.0.0.2', '::1']) t.equal(refusalOf(target(address), here, policy()), null, address)
  t.equal(refusalOf(target('192.168.0.7'), here, policy({ local: ['192.168.0.7'] })), null)
  t.match(refusalOf(target('192.168.0.8'), here, policy({ local: ['192.168.0.7'] })), /not the sender's own/)
  t.match(refusalOf(target('192.168.0.7'), remote, policy({ local: ['192.168.0.7'] })), /not the sender's own/)
})

test('what came through a proxy on this machine may not register loopback addresses', async t => {
  t.match(refusalOf(target('127.0.0.1'), throughProxyHere, policy({ cidrs: ['127.0.0.0/8'] })), /a loopback address/)
})

test('the gateway itself is no node', async t => {
  const rows: ReadonlyArray<readonly [listening: string, address: string, isRefused: boolean]> = [
    ['127.0.0.1:3000', '127.0.0.1', true],
    ['127.0.0.1:3000', '127.0.0.2', false],
    ['127.0.0.1:3001', '127.0.0.1', false],
    ['127.0.0.1:13000', '127.0.0.1', false],
    ['[::1]:3000', '::1', true],
    ['::1:3000', '::1', true],
    ['0.0.0.0:3000', '127.0.0.9', true],
    ['0.0.0.0:3000', '192.168.0.7', true],
    ['[::]:3000', '192.168.0.7', true],
    [':::3000', '::1', true],
    ['0.0.0.0:3001', '127.0.0.1', false]
  ]
  for (const [listening, address, isRefused] of rows) {
    const refusal = refusalOf(target(address), here, policy({ listening: ['10.9.9.9:1', listening], local: ['192.168.0.7'] }))
    t.equal(refusal, isRefused ? `${address}:3000 is this gateway itself` : null, `${listening} ${address}`)
  }
  t.equal(refusalOf(target('10.0.0.5'), remote, policy({ listening: ['0.0.0.0:3000'] })), null, 'a sender elsewhere with the same port')
})

test('only allowed ports, for one\'s own address too', async t => {
  const ports = policy({ ports: [3000, 3001] })
  t.equal(refusalOf(target('10.0.0.5', 3001), remote, ports), null)
  t.equal(refusalOf(target('10.0.0.5', 22), remote, ports), 'port 22 is not allowed')
  t.equal(refusalOf(target('127.0.0.1', 22), here, ports), 'port 22 is not allowed')
  t.equal(refusalOf(target('10.0.0.5', 0), remote, policy()), 'port 0 is not allowed')
  t.match(refusalOf(target('10.0.0.5'), remote, policy({ ports: [] })), /port 3000/)
})
