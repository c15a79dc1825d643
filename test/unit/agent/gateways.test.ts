import t from 'tap'
import { gatewaysToBeat, gatewayUrlOf } from '../../../lib/agent/gateways.js'
import type { Known } from '../../../lib/agent/gateways.js'

t.test('an address without a path gets that of the heartbeat route, its own stays', async t => {
  t.equal(gatewayUrlOf('http://10.0.0.2:8080'), 'http://10.0.0.2:8080/heartbeat')
  t.equal(gatewayUrlOf('https://gateway/'), 'https://gateway/heartbeat')
  t.equal(gatewayUrlOf('http://10.0.0.2:8080/hb'), 'http://10.0.0.2:8080/hb')
  t.equal(gatewayUrlOf('http://10.0.0.2:8080', '/hb'), 'http://10.0.0.2:8080/hb')
})

t.test('what is no address of a gateway is told apart', async t => {
  for (const address of [undefined, 5, '', 'gateway:8080', 'ftp://gateway', 'http://user@gateway', 'http://:secret@gateway', 'http://gateway?x', 'http://gateway#x']) {
    t.equal(gatewayUrlOf(address), null, String(address))
  }
})

const url = (host: string): string => `http://${host}/heartbeat`
const known = (fields: Partial<Known>): Known => ({ configured: [url('a:1')], current: [url('a:1')], told: new Map(), ownAddresses: new Set(), ...fields })

t.test('a gateway that another one lists is beaten', async t => {
  const told = new Map([[url('a:1'), ['http://a:1', 'http://b:1', 'nonsense']]])
  t.same([...gatewaysToBeat(known({ told }))], [url('a:1'), url('b:1')])
})

t.test('a listed address without a path has the path of the gateway that lists it', async t => {
  const told = new Map([['http://a:1/hb', ['http://a:1', 'http://b:1']]])
  t.same([...gatewaysToBeat(known({ configured: ['http://a:1/hb'], current: ['http://a:1/hb'], told }))], ['http://a:1/hb', 'http://b:1/hb'])
})

t.test('a learned gateway is dropped when no other one lists it any more, even if it lists itself', async t => {
  const told = new Map([[url('a:1'), ['http://a:1']], [url('b:1'), ['http://a:1', 'http://b:1']]])
  t.same([...gatewaysToBeat(known({ current: [url('a:1'), url('b:1')], told }))], [url('a:1')])
})

t.test('a learned gateway is kept while no other one says anything', async t => {
  const current = [url('a:1'), url('b:1')]
  t.same([...gatewaysToBeat(known({ current }))], current)
  t.same([...gatewaysToBeat(known({ current, told: new Map([[url('b:1'), ['http://b:1']]]) }))], current)
})

t.test('a configured gateway is kept whatever is said of it', async t => {
  t.same([...gatewaysToBeat(known({ told: new Map([[url('b:1'), ['http://b:1']]]), current: [url('a:1'), url('b:1')] }))], [url('a:1'), url('b:1')])
})

t.test("the gateway on this machine is not beaten twice under two of the machine's names", async t => {
  const fields = { configured: [url('localhost:8080')], current: [url('localhost:8080')], ownAddresses: new Set(['127.0.0.1', '::1', '10.0.0.2', 'fd00::2']) }
  const told = new Map([[url('localhost:8080'), ['http://10.0.0.2:8080', 'http://[fd00::2]:8080', 'http://10.0.0.2:8081', 'http://10.0.0.3:8080']]])
  t.same([...gatewaysToBeat(known({ ...fields, told }))], [url('localhost:8080'), url('10.0.0.2:8081'), url('10.0.0.3:8080')])
})

t.test('default ports count as the ports they are', async t => {
  const ownAddresses = new Set(['10.0.0.2'])
  const told = new Map([[url('localhost'), ['http://10.0.0.2:80', 'https://10.0.0.2']]])
  t.same([...gatewaysToBeat(known({ configured: [url('localhost')], current: [url('localhost')], told, ownAddresses }))], [url('localhost'), 'https://10.0.0.2/heartbeat'])
})

t.test('no more than 32 gateways are learned', async t => {
  const told = new Map([[url('a:1'), Array.from({ length: 50 }, (_, index) => `http://g${index}:1`)]])
  t.equal(gatewaysToBeat(known({ told })).size, 32)
})
