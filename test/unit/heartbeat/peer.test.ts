import { test } from 'tap'
import { isLoopback, isLoopbackPeer, peerAddressOf, plainAddress } from '../../../lib/peer.js'

const from = (remoteAddress: string | undefined, headers: Record<string, string> = {}) => ({ raw: { socket: { remoteAddress }, headers } })

test('an address has one plain form', async t => {
  const rows: ReadonlyArray<readonly [given: string, plain: string]> = [
    ['10.0.0.5', '10.0.0.5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::FFFF:a00:5', '10.0.0.5'],
    ['0:0:0:0:0:ffff:0a00:0005', '10.0.0.5'],
    ['::ffff:0.0.0.0', '0.0.0.0'],
    ['::ffff:ffff:ffff', '255.255.255.255'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::10.0.0.5', '::a00:5'],
    ['not an address', 'not an address']
  ]
  for (const [given, plain] of rows) t.equal(plainAddress(given), plain, given)
})

test('the loopback addresses are 127.0.0.0/8 and ::1', async t => {
  for (const address of ['127.0.0.1', '127.255.0.9', '::1']) t.ok(isLoopback(address), address)
  for (const address of ['128.0.0.1', '10.0.0.1', '::2', '::', '127.evil.example']) t.notOk(isLoopback(address), address)
})

test('the peer is who holds the connection, in plain form', async t => {
  t.equal(peerAddressOf(from('::ffff:10.0.0.5', { 'x-forwarded-for': '127.0.0.1' })), '10.0.0.5')
  t.equal(peerAddressOf(from(undefined)), null)
  t.equal(peerAddressOf(from('')), null)
})

test('a loopback peer is a process of this machine', async t => {
  for (const address of ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1']) t.ok(isLoopbackPeer(from(address, { host: 'x' })), address)
  for (const address of ['10.0.0.5', '::ffff:10.0.0.5', 'fe80::1%lo', undefined]) t.notOk(isLoopbackPeer(from(address)), String(address))
})

test('what came through a proxy on this machine is not from a loopback peer', async t => {
  for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-anything', 'x-real-ip', 'via']) {
    t.notOk(isLoopbackPeer(from('127.0.0.1', { [name]: '127.0.0.1' })), name)
  }
  t.ok(isLoopbackPeer(from('127.0.0.1', { 'x-forward': '1', viaduct: '1' })), 'names that only look alike')
})
