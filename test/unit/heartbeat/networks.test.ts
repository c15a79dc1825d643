import { test } from 'tap'
import { isNetwork, networksOf } from '../../../lib/heartbeat/networks.js'

test('a network is an address with a prefix length, or an address alone', async t => {
  for (const cidr of ['10.0.0.0/8', '10.0.0.5', '0.0.0.0/0', '10.0.0.5/32', 'fd00::/8', '::/0', 'fd00::5', 'fd00::5/128']) t.ok(isNetwork(cidr), cidr)
  for (const cidr of ['', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0/8', 'intranet', 'fe80::1%eth0/64', '10.0.0.0/x']) t.notOk(isNetwork(cidr), cidr)
})

test('an address is in a network up to its borders', async t => {
  const includes = networksOf(['10.1.0.0/16', '192.168.0.7', 'fd00:1::/32'])
  for (const address of ['10.1.0.0', '10.1.255.255', '192.168.0.7', 'fd00:1::', 'fd00:1:ffff::1']) t.ok(includes(address), address)
  for (const address of ['10.0.255.255', '10.2.0.0', '192.168.0.8', 'fd00:2::', 'fd00::1', 'no address']) t.notOk(includes(address), address)
})

test('a network of one family holds no address of the other', async t => {
  t.notOk(networksOf(['::/0'])('10.0.0.5'))
  t.notOk(networksOf(['0.0.0.0/0'])('fd00::1'))
})

test('what is no network holds nothing', async t => {
  t.notOk(networksOf(['10.0.0.0/33'])('10.0.0.1'))
  t.notOk(networksOf([])('10.0.0.1'))
})
