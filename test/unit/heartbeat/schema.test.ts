import { test } from 'tap'
import { heartbeatBodyOf } from '../../../lib/heartbeat/schema.js'

const least = { service: 'orders', port: 3000 }

test('service and port are enough', async t => {
  t.same(heartbeatBodyOf(least), least)
  t.same(heartbeatBodyOf({ service: 'orders', origin: 'http://10.0.0.5:3000' }), { service: 'orders', origin: 'http://10.0.0.5:3000' })
})

test('every field of the protocol is read', async t => {
  const body = {
    ...least,
    id: 'a.B_1~:@-',
    state: 'draining',
    weight: 0.5,
    zone: '',
    version: '1.2.3',
    tags: { team: 'x', empty: '' },
    incarnation: 0,
    seq: Number.MAX_SAFE_INTEGER,
    load: { eventLoopUtilization: 0.3, eventLoopDelayMs: null, heapUsedBytes: 1, rssBytes: 2, inFlight: 0, underPressure: false }
  }
  t.same(heartbeatBodyOf(body), body)
})

test('unknown fields are left out, in the load too', async t => {
  t.same(heartbeatBodyOf({ ...least, since: 1, static: true, load: { cpu: 1, inFlight: 2 } }), { ...least, load: { inFlight: 2 } })
})

test('what a prototype has is no field', async t => {
  t.throws(() => heartbeatBodyOf(Object.create({ service: 'orders', port: 1 })), { message: /'service' is missing/ })
  t.same(heartbeatBodyOf(JSON.parse('{"service":"a","port":1,"__proto__":{"weight":7}}')), { service: 'a', port: 1 })
})

test('a wrong field is a 400 that says what is allowed, and nothing is coerced', async t => {
  const rows: ReadonlyArray<readonly [body: unknown, message: RegExp]> = [
    [null, /the body must be a JSON object$/],
    [[], /the body must be a JSON object$/],
    ['text', /the body must be a JSON object$/],
    [{ port: 3000 }, /field 'service' is missing$/],
    [{ service: 'orders' }, /one of the fields 'origin' and 'port' must be given, got none$/],
    [{ ...least, origin: 'http://10.0.0.5:3000' }, /one of the fields 'origin' and 'port' must be given, got both$/],
    [{ ...least, service: '-orders' }, /field 'service' must be a service name .*, got '-orders'$/],
    [{ ...least, service: 'a'.repeat(65) }, /field 'service' must be/],
    [{ ...least, service: null }, /field 'service' must be .*, got null$/],
    [{ ...least, port: '3000' }, /field 'port' must be an integer between 1 and 65535, got '3000'$/],
    [{ ...least, port: 0 }, /field 'port' must be an integer between 1 and 65535, got 0$/],
    [{ ...least, port: 65536 }, /field 'port' must be/],
    [{ ...least, port: 1.5 }, /field 'port' must be/],
    [{ service: 'a', origin: 'nonsense' }, /field 'origin' must be an origin as http:\/\/host:port, got 'nonsense'$/],
    [{ service: 'a', origin: 7 }, /field 'origin' must be/],
    [{ service: 'a', origin: `http://${'a'.repeat(600)}` }, /field 'origin' must be/],
    [{ ...least, id: '' }, /field 'id' must be an id/],
    [{ ...least, id: 'a b' }, /field 'id' must be an id/],
    [{ ...least, id: 'a'.repeat(129) }, /field 'id' must be an id/],
    [{ ...least, state: 'down' }, /field 'state' must be one of 'up', 'draining', 'left', got 'down'$/],
    [{ ...least, weight: 1001 }, /field 'weight' must be a number between 0 and 1000, got 1001$/],
    [{ ...least, weight: '1' }, /field 'weight' must be a number between 0 and 1000, got '1'$/],
    [{ ...least, weight: -1 }, /field 'weight' must be/],
    [{ ...least, zone: 1 }, /field 'zone' must be a string of at most 256 characters, got 1$/],
    [{ ...least, version: 'v'.repeat(257) }, /field 'version' must be a string of at most 256 characters/],
    [{ ...least, tags: [] }, /field 'tags' must be an object of at most 32 strings$/],
    [{ ...least, tags: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`t${index}`, ''])) }, /field 'tags' must be an object of at most 32 strings$/],
    [{ ...least, tags: { ['k'.repeat(65)]: '' } }, /field 'tags' must have keys of 1 to 64 characters/],
    [{ ...least, tags: { '': 'x' } }, /field 'tags' must have keys of 1 to 64 characters/],
    [JSON.parse('{"service":"a","port":1,"tags":{"__proto__":"x"}}'), /field 'tags' must have keys/],
    [{ ...least, tags: { a: 'x'.repeat(257) } }, /field 'tags\.a' must be a string of at most 256 characters/],
    [{ ...least, tags: { a: 1 } }, /field 'tags\.a' must be a string/],
    [{ ...least, incarnation: -1 }, /field 'incarnation' must be an integer of at least 0, got -1$/],
    [{ ...least, incarnation: '1' }, /field 'incarnation' must be/],
    [{ ...least, incarnation: 2 ** 53 }, /field 'incarnation' must be/],
    [{ ...least, seq: 1.5 }, /field 'seq' must be an integer of at least 0, got 1\.5$/],
    [{ ...least, load: 1 }, /field 'load' must be an object, got 1$/],
    [{ ...least, load: { inFlight: '1' } }, /field 'load\.inFlight' must be a number of at least 0, got '1'$/],
    [{ ...least, load: { inFlight: true } }, /field 'load\.inFlight' must be/],
    [{ ...least, load: { rssBytes: -1 } }, /field 'load\.rssBytes' must be/],
    [{ ...least, load: { underPressure: 1 } }, /field 'load\.underPressure' must be true or false, got 1$/]
  ]
  for (const [body, message] of rows) t.throws(() => heartbeatBodyOf(body), { code: 'FST_ERR_VALIDATION', statusCode: 400, message }, String(message))
})

test('the borders of every field are allowed', async t => {
  const tags = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`${index}`.padEnd(64, 'k'), 'v'.repeat(256)]))
  const rows = [
    { service: 'a'.repeat(64), port: 1 }, { service: '0', port: 65535 }, { ...least, weight: 0 }, { ...least, weight: 1000 }, { ...least, id: 'a'.repeat(128) },
    { ...least, tags }, { ...least, zone: 'z'.repeat(256) }, { ...least, load: {} }
  ]
  for (const body of rows) t.same(heartbeatBodyOf(body), body)
})

test('a long wrong value does not make a long message', async t => {
  t.throws(() => heartbeatBodyOf({ ...least, id: 'x '.repeat(5000) }), { message: /^.{1,340}$/ })
})
