import { test } from 'tap'
import { ownAddressOf } from '../../../lib/sync/own-address.js'
import type { Binding } from '../../../lib/sync/own-address.js'

const on = (address: string, port = 8080): Binding => ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4', port })
const has = (address: string, internal = false) => ({ address, family: address.includes(':') ? 'IPv6' as const : 'IPv4' as const, internal })
const interfaces = [has('127.0.0.1', true), has('::1', true), has('169.254.3.4'), has('fe80::1'), has('2001:db8::7'), has('10.0.0.7'), has('10.0.0.8')]

test('a gateway is reached where it listens, or, where it listens on all addresses, at the first that others can reach', async t => {
  const rows: ReadonlyArray<readonly [bindings: readonly Binding[], address: string | null]> = [
    [[on('192.0.2.1')], 'http://192.0.2.1:8080'],
    [[on('127.0.0.1')], 'http://127.0.0.1:8080'],
    [[on('2001:db8::1')], 'http://[2001:db8::1]:8080'],
    [[on('::1'), on('127.0.0.1')], 'http://127.0.0.1:8080'],
    [[on('0.0.0.0')], 'http://10.0.0.7:8080'],
    [[on('::')], 'http://10.0.0.7:8080'],
    [[on('10.0.0.7', 80)], 'http://10.0.0.7'],
    [[], null]
  ]
  for (const [bindings, address] of rows) t.equal(ownAddressOf(bindings, interfaces, false), address, JSON.stringify(bindings))
  t.equal(ownAddressOf([on('0.0.0.0', 443)], interfaces, true), 'https://10.0.0.7')
})

test('a machine without an address of the right family is reached from itself alone', async t => {
  const six = [has('fe80::1'), has('2001:db8::7')]
  t.equal(ownAddressOf([on('::')], six, false), 'http://[2001:db8::7]:8080')
  t.equal(ownAddressOf([on('0.0.0.0')], six, false), 'http://127.0.0.1:8080')
  t.equal(ownAddressOf([on('0.0.0.0')], [has('169.254.3.4')], false), 'http://127.0.0.1:8080')
})

test('an address with a zone, which means something on one machine alone, is none', async t => {
  t.equal(ownAddressOf([on('fe80::1%eth0')], interfaces, false), null)
})
