import { test } from 'tap'
import { idOf, idPattern, isSameInfo, maxWeight, nodeInfoOf, originOf, servicePattern } from '../../../lib/node/info.js'
import { infoWith } from './fixtures.js'
import type { NodeInfo } from '../../../types/index.js'

/** As a user without types would call it. */
const infoOfAny = (given: unknown) => nodeInfoOf(given as NodeInfo, 'info')
const least = { service: 'orders', origin: 'http://10.0.0.5:3000' }

test('what is not said of a node has its default', async t => {
  t.same(nodeInfoOf(least, 'info'), {
    service: 'orders', id: '10.0.0.5:3000', origin: 'http://10.0.0.5:3000', address: null, weight: 1, zone: null, version: null, tags: {}, static: false
  })
  t.same(infoOfAny({ ...least, id: undefined, weight: undefined, tags: undefined }), nodeInfoOf(least, 'info'), 'undefined is not said')
  t.equal(nodeInfoOf({ ...least, weight: 0 }, 'info').weight, 0, '0 is zero')
})

test('what is said of a node is taken, copied and frozen', async t => {
  const given = { ...least, id: 'a', address: '10.0.0.5', weight: 1000, zone: 'eu', version: '2', tags: { gpu: '' }, static: true }
  const before = structuredClone(given)
  const info = nodeInfoOf(given, 'info')
  t.same(info, given)
  given.tags.gpu = 'changed'
  t.same(info, before)
  t.ok(Object.isFrozen(info) && Object.isFrozen(info.tags))
  t.ok(Object.isFrozen(nodeInfoOf(least, 'info').tags))
})

test('a wrong field of a node is named, with what it must be', async t => {
  const rows: ReadonlyArray<readonly [given: unknown, message: string]> = [
    [null, "option 'info' must be an object, got null"],
    [[], "option 'info' must be an object, got an array"],
    [{ origin: least.origin }, "option 'info.service' is missing"],
    [{ service: 'orders' }, "option 'info.origin' is missing"],
    [{ ...least, service: '-orders' }, "option 'info.service' must be a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens), got '-orders'"],
    [{ ...least, id: '' }, "option 'info.id' must be an id (1 to 128 letters, digits, or any of ._~:@-), got ''"],
    [{ ...least, weight: 1001 }, "option 'info.weight' must be a number between 0 and 1000, got 1001"],
    [{ ...least, weight: -1 }, "option 'info.weight' must be a number between 0 and 1000, got -1"],
    [{ ...least, weight: NaN }, "option 'info.weight' must be a number between 0 and 1000, got NaN"],
    [{ ...least, address: '' }, "option 'info.address' must be a non-empty string, got ''"],
    [{ ...least, zone: 7 }, "option 'info.zone' must be a non-empty string, got 7"],
    [{ ...least, version: true }, "option 'info.version' must be a non-empty string, got true"],
    [{ ...least, tags: 'gpu' }, "option 'info.tags' must be an object, got 'gpu'"],
    [{ ...least, tags: { gpu: 1 } }, "option 'info.tags.gpu' must be a string, got 1"],
    [{ ...least, static: 1 }, "option 'info.static' must be true or false, got 1"],
    [{ ...least, url: 'http://a' }, "option 'info.url' is not known; known are service, id, origin, address, weight, zone, version, tags, static"]
  ]
  for (const [given, message] of rows) t.throws(() => infoOfAny(given), { code: 'FST_BALANCE_OPTION', message }, message)
})

test('null is unknown — where a field of a node may be unknown', async t => {
  t.match(infoOfAny({ ...least, address: null, zone: null, version: null }), { address: null, zone: null, version: null })
})

test('an origin has one normal form', async t => {
  const rows: ReadonlyArray<readonly [given: string, origin: string]> = [
    ['http://10.0.0.5:3000', 'http://10.0.0.5:3000'],
    ['http://10.0.0.5:3000/', 'http://10.0.0.5:3000'],
    ['HTTP://Worker.Example:80', 'http://worker.example'],
    ['https://worker:443', 'https://worker'],
    ['https://worker:80', 'https://worker:80'],
    ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'],
    ['http://0x7f.1:3000', 'http://127.0.0.1:3000']
  ]
  for (const [given, origin] of rows) t.equal(originOf(given, 'origin'), origin, given)
})

test('what is no plain origin is refused', async t => {
  for (const given of ['', 'worker', 'worker:3000', 'ftp://worker', 'ws://worker', 'file:///etc/passwd', 'unix:/run/x', 'http://', 'http://worker/path', 'http://worker?q', 'http://worker#f', 'http://worker:99999', 'http://a b']) {
    t.throws(() => originOf(given, 'origin'), {
      code: 'FST_BALANCE_OPTION', message: `option 'origin' must be an origin as http://host:port, without path, query, fragment or user, got '${given}'`
    }, given)
  }
  const rows: ReadonlyArray<readonly [given: unknown, got: string]> = [[7, '7'], [null, 'null'], [{}, 'an object'], [Object.create(null), 'an object'], [undefined, 'undefined']]
  for (const [given, got] of rows) t.throws(() => originOf(given, 'origin'), { code: 'FST_BALANCE_OPTION', message: new RegExp(`, got ${got}$`) }, got)
})

test('a password in an origin is refused and not repeated in the message', async t => {
  const rows = ['http://user:hunter2@worker:3000', 'http://:hunter2@worker', 'http://hunter2@worker', 'user:hunter2@worker:3000', 'http://user:hunter2/@worker', 'http://a:hunter2@b:hunter2@worker']
  for (const given of rows) t.throws(() => originOf(given, 'origin'), { message: /^(?!.*hunter2).*got '…@worker(:3000)?'$/ }, given)
})

test('the default id is host and port', async t => {
  const rows: ReadonlyArray<readonly [origin: string, id: string]> = [
    ['http://10.0.0.5:3000', '10.0.0.5:3000'], ['http://worker', 'worker:80'], ['https://worker', 'worker:443'], ['http://[::1]:3000', '::1:3000']
  ]
  for (const [origin, id] of rows) {
    t.equal(idOf(origin), id)
    t.match(id, idPattern)
  }
})

test('two descriptions say the same — unless one of their fields differs', async t => {
  const info = infoWith({ tags: { a: '1', b: '2' } })
  t.ok(isSameInfo(info, infoWith({ tags: { b: '2', a: '1' } })))
  const others: ReadonlyArray<Partial<NodeInfo>> = [
    { id: 'b' }, { origin: 'http://10.0.0.2:3000' }, { address: '10.0.0.1' }, { weight: 2 }, { zone: 'eu' }, { version: '2' }, { static: true },
    { tags: {} }, { tags: { a: '1' } }, { tags: { a: '1', b: '3' } }, { tags: { a: '1', c: '2' } }, { tags: { a: '1', b: '2', c: '3' } }
  ]
  for (const other of others) t.notOk(isSameInfo(info, infoWith({ tags: info.tags, ...other })), JSON.stringify(other))
})

test('names of services and ids have their bounds', async t => {
  for (const name of ['a', '7', 'Orders.v2_x-y', 'a'.repeat(64)]) t.match(name, servicePattern)
  for (const name of ['', '.a', '-a', '_a', 'a b', 'a/b', 'ä', 'a'.repeat(65), 'a\n']) t.notMatch(name, servicePattern)
  for (const id of ['a', '10.0.0.5:3000', 'pod@node~1', '.'.repeat(128)]) t.match(id, idPattern)
  for (const id of ['', 'a b', 'a/b', 'a\n', '.'.repeat(129)]) t.notMatch(id, idPattern)
  t.equal(maxWeight, 1000)
})
