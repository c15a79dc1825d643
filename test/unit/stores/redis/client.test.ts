import { EventEmitter } from 'node:events'
import t from 'tap'
import { driverOf, isRedisClient } from '../../../../lib/stores/redis/client.js'
import type { RedisClient } from '../../../../lib/stores/redis/client.js'
import { script } from './fixtures.js'

class Fake extends EventEmitter {
  readonly calls: unknown[][] = []
  readonly copies: Fake[] = []
  duplicate = (...options: unknown[]): Fake => {
    this.calls.push(['duplicate', ...options])
    const copy = new Fake()
    for (const name of Object.keys(this).filter(each => each.startsWith('eval'))) Object.assign(copy, { [name]: copy.answering(name) })
    this.copies.push(copy)
    return copy
  }

  connect = this.answering('connect')
  disconnect = this.answering('disconnect')
  subscribe = this.answering('subscribe')
  eval = this.answering('eval')

  answering (name: string) {
    return async (...values: unknown[]): Promise<unknown> => {
      this.calls.push([name, ...values])
      if (name.toLowerCase() === 'evalsha') throw new Error('NOSCRIPT No matching script.')
      return 'answer'
    }
  }
}

function fakeOf (kind: 'evalsha' | 'evalSha', fields: object = {}): Fake & RedisClient {
  const fake = new Fake()
  return Object.assign(fake, { [kind]: fake.answering(kind) }, fields) as unknown as Fake & RedisClient
}

t.test('ioredis — a copy runs scripts by their hash, then whole', async t => {
  const client = fakeOf('evalsha')
  t.equal(isRedisClient(client), true)
  const lost: string[] = []
  const connection = driverOf(client)(error => lost.push(error.message))
  const [copy] = client.copies
  await connection.connect()
  t.equal(await connection.run(script, { keys: ['k1', 'k2'], values: ['v'] }), 'answer')
  const heard: string[] = []
  await connection.subscribe('channel', message => heard.push(message))
  copy?.emit('message', 'channel', '7')
  copy?.emit('error', new Error('refused'))
  copy?.emit('end')
  connection.end()
  t.same(copy?.calls, [['connect'], ['evalsha', 'sha', 2, 'k1', 'k2', 'v'], ['eval', 'return 1', 2, 'k1', 'k2', 'v'], ['subscribe', 'channel'], ['disconnect']])
  t.same([heard, lost], [['7'], ['refused', 'The connection to Redis was closed']])
  t.same(client.calls.map(([name]) => name), ['duplicate'], 'the client itself is left alone')
  t.match(client.calls[0]?.[1], { lazyConnect: true, enableOfflineQueue: false, retryStrategy: null, connectTimeout: 500 })
})

t.test('ioredis — a cluster is copied with its start nodes', async t => {
  const client = fakeOf('evalsha', { isCluster: true })
  driverOf(client)(() => {})
  t.match(client.calls[0], ['duplicate', [], { lazyConnect: true, clusterRetryStrategy: null, redisOptions: { connectTimeout: 500 } }])
})

t.test('node-redis — a copy runs scripts by their hash, then whole, and keeps the socket of the client', async t => {
  const client = fakeOf('evalSha', { options: { password: 'secret', socket: { host: '10.0.0.1', tls: true, reconnectStrategy: 100 } } })
  t.equal(isRedisClient(client), true)
  const lost: string[] = []
  const connection = driverOf(client)(error => lost.push(error.message))
  const [copy] = client.copies
  t.equal(await connection.run(script, { keys: ['k'], values: ['v'] }), 'answer')
  const listener = (): void => {}
  await connection.subscribe('channel', listener)
  copy?.emit('error', new Error('refused'))
  copy?.emit('node-error', new Error('refused too'))
  connection.end()
  const input = { keys: ['k'], arguments: ['v'] }
  t.same(copy?.calls, [['evalSha', 'sha', input], ['eval', 'return 1', input], ['subscribe', 'channel', listener], ['disconnect']])
  t.same(lost, ['refused', 'refused too'])
  t.match(client.calls[0]?.[1], { disableOfflineQueue: true, socket: { host: '10.0.0.1', tls: true, reconnectStrategy: false, connectTimeout: 500 } })
  t.notMatch(Object.keys(client.calls[0]?.[1] as object), ['password'], 'duplicate keeps the rest')
})

t.test('node-redis — a client without options, and one that is closed already', async t => {
  const client = fakeOf('evalSha')
  const connection = driverOf(client)(() => {})
  t.match(client.calls[0]?.[1], { socket: { reconnectStrategy: false } })
  const [copy] = client.copies
  Object.assign(copy ?? {}, { destroy: () => { throw new Error('The client is closed') } })
  connection.end()
  t.same(copy?.calls, [])
})

t.test('node-redis — a cluster keeps what its nodes are connected with', async t => {
  const client = fakeOf('evalSha', { masters: [], _options: { rootNodes: [], defaults: { password: 'secret', socket: { tls: true } } } })
  driverOf(client)(() => {})
  t.match(client.calls[0]?.[1], { minimizeConnections: true, defaults: { password: 'secret', disableOfflineQueue: true, socket: { tls: true, reconnectStrategy: false, socketTimeout: 2000 } } })
  const hidden = fakeOf('evalSha', { masters: [] })
  driverOf(hidden)(() => {})
  t.notOk('defaults' in (hidden.calls[0]?.[1] as object), 'where they cannot be read, they are left as they are')
})

t.test('an error that is not that of a forgotten script is passed on', async t => {
  const client = fakeOf('evalsha')
  const connection = driverOf(client)(() => {})
  Object.assign(client.copies[0] ?? {}, { evalsha: async () => { throw new Error('OOM') } })
  await t.rejects(connection.run(script, { keys: [], values: [] }), /OOM/)
})
