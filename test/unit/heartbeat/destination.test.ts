import { test } from 'tap'
import { destinationOf } from '../../../lib/heartbeat/destination.js'
import { networksOf } from '../../../lib/heartbeat/networks.js'
import type { Sender } from '../../../lib/heartbeat/address.js'
import type { DestinationRules } from '../../../lib/heartbeat/destination.js'

interface Rules {
  readonly cidrs?: readonly string[]
  readonly hosts?: readonly string[]
  readonly names?: Readonly<Record<string, readonly string[]>>
}

const rules = ({ cidrs = [], hosts = [], names = {} }: Rules = {}): DestinationRules => ({
  allow: { networks: networksOf(cidrs), ports: null, hosts },
  own: { listening: () => [], isLocal: () => false },
  lookup: async name => names[name] ?? Promise.reject(new Error('ENOTFOUND'))
})
const by = (address: string | null, isLoopback = false): Sender => ({ address, isLoopback })
const origin = (text: string) => ({ service: 'orders', origin: text })
const port = (number: number) => ({ service: 'orders', port: number })

test('with a port the origin is at the sender\'s address', async t => {
  t.same(await destinationOf(port(3000), by('10.0.0.5'), rules()), { origin: 'http://10.0.0.5:3000', address: null })
  t.same(await destinationOf(port(3000), by('fd00::5'), rules()), { origin: 'http://[fd00::5]:3000', address: null })
  t.same(await destinationOf(port(80), by('10.0.0.5'), rules()), { origin: 'http://10.0.0.5', address: null })
  t.same(await destinationOf(port(3000), by('127.0.0.1', true), rules()), { origin: 'http://127.0.0.1:3000', address: null })
  await t.rejects(destinationOf(port(3000), by(null), rules()), { statusCode: 403, message: /no address/ })
  await t.rejects(destinationOf(port(3000), by('fe80::1'), rules()), { statusCode: 403, message: /link-local/ })
})

test('an origin is taken in its plain form', async t => {
  const rows: ReadonlyArray<readonly [given: string, origin: string]> = [
    ['http://10.0.0.5:3000', 'http://10.0.0.5:3000'],
    ['http://10.0.0.5:3000/', 'http://10.0.0.5:3000'],
    ['HTTPS://10.0.0.5', 'https://10.0.0.5'],
    ['https://10.0.0.5:443', 'https://10.0.0.5'],
    ['http://[::ffff:10.0.0.5]:3000', 'http://10.0.0.5:3000'],
    ['http://[::ffff:a00:5]:3000', 'http://10.0.0.5:3000'],
    ['http://0x0a.5:3000', 'http://10.0.0.5:3000'],
    ['http://167772165:3000', 'http://10.0.0.5:3000'],
    ['http://012.0.0.05:3000', 'http://10.0.0.5:3000']
  ]
  for (const [given, plain] of rows) t.same(await destinationOf(origin(given), by('10.0.0.5'), rules()), { origin: plain, address: null }, given)
  t.same(await destinationOf(origin('https://[FD00:0::5]:8443'), by('fd00::5'), rules()), { origin: 'https://[fd00::5]:8443', address: null })
})

test('no way of writing an address leads past the rules', async t => {
  const wide = rules({ cidrs: ['0.0.0.0/0', '::/0'] })
  const refused = [
    'http://2130706433', 'http://0x7f000001', 'http://0177.0.0.1', 'http://127.1', 'http://[::ffff:127.0.0.1]', 'http://[::ffff:7f00:1]', 'http://[0:0:0:0:0:ffff:a9fe:a9fe]',
    'http://[::ffff:169.254.169.254]', 'http://2852039166', 'http://0xA9FEA9FE', 'http://0', 'http://[::]', 'http://[::ffff:0:0]', 'http://[::127.0.0.1]',
    'http://１２７.0.0.1', 'http://%31%32%37.0.0.1', 'http://127.0.0.1.', 'http://[::ffff:224.0.0.1]', 'http://[::ffff:255.255.255.255]'
  ]
  for (const given of refused) await t.rejects(destinationOf(origin(given), by('10.0.0.5'), wide), { code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN' }, given)
})

test('an origin is scheme, host and port', async t => {
  const refused = [
    'ftp://10.0.0.5', 'ws://10.0.0.5:1', 'file:///etc/passwd', 'unix:/run/x', 'http://user@10.0.0.5', 'http://u:p@10.0.0.5', 'http://10.0.0.5/path', 'http://10.0.0.5?q=1',
    'http://10.0.0.5#f', 'javascript:alert(1)', 'http://10.0.0.5:0'
  ]
  for (const given of refused) await t.rejects(destinationOf(origin(given), by('10.0.0.5'), rules()), { code: 'FST_BALANCE_HEARTBEAT_FORBIDDEN' }, given)
})

test('a host name counts only when the options list it', async t => {
  const names = { 'a.internal': ['10.0.0.7'], internal: ['10.0.0.8'], 'node.example': ['10.0.0.9'], xinternal: ['10.0.0.9'], localhost: ['127.0.0.1', '::1'] }
  const listed = rules({ hosts: ['.internal', 'node.example'], names })
  t.same(await destinationOf(origin('http://a.internal:3000'), by('10.0.0.5'), listed), { origin: 'http://a.internal:3000', address: '10.0.0.7' })
  t.same(await destinationOf(origin('https://NODE.example'), by('10.0.0.5'), listed), { origin: 'https://node.example', address: '10.0.0.9' })
  for (const host of ['internal', 'xinternal', 'a.node.example', 'node.example.', 'localhost']) {
    await t.rejects(destinationOf(origin(`http://${host}:3000`), by('10.0.0.5'), listed), { statusCode: 403, message: /is not in heartbeat\.allow\.hosts/ }, host)
  }
})

test('every address of a host name is checked', async t => {
  const listed = (addresses: readonly string[]) => rules({ hosts: ['n'], names: { n: addresses } })
  await t.rejects(destinationOf(origin('http://n'), by('10.0.0.5'), listed(['10.0.0.7', '169.254.169.254'])), { message: /169\.254\.169\.254 is a link-local/ })
  await t.rejects(destinationOf(origin('http://n'), by('10.0.0.5'), listed(['10.0.0.7', '::ffff:127.0.0.1'])), { message: /127\.0\.0\.1 is a loopback/ })
  await t.rejects(destinationOf(origin('http://n'), by('10.0.0.5'), listed([])), { message: /has no address/ })
  t.same(await destinationOf(origin('http://n'), by('127.0.0.1', true), listed(['127.0.0.1'])), { origin: 'http://n', address: '127.0.0.1' })
})

test('of several addresses the sender\'s own is dialled, else the first', async t => {
  const listed = rules({ hosts: ['n'], names: { n: ['10.0.0.7', '::ffff:10.0.0.8'] } })
  t.equal((await destinationOf(origin('http://n'), by('10.0.0.8'), listed)).address, '10.0.0.8')
  t.equal((await destinationOf(origin('http://n'), by('10.0.0.5'), listed)).address, '10.0.0.7')
})

test('a host name that cannot be resolved is refused, with the cause', async t => {
  await t.rejects(destinationOf(origin('http://n'), by('10.0.0.5'), rules({ hosts: ['n'] })), { statusCode: 403, message: /'n' cannot be resolved/, cause: { message: 'ENOTFOUND' } })
})
