import Fastify from 'fastify'
import { test } from 'tap'
import { furtherServersOf } from '../../lib/further-servers.js'
import { twoAddresses } from '../support/two-addresses.js'
import type { AddressInfo } from 'node:net'

test('an app that listens on localhost has a server for each of its addresses, and every scope of it knows them', async t => {
  const [, second] = twoAddresses(t)
  const app = Fastify()
  t.teardown(() => app.close())
  const found: string[] = []
  app.register(async scope => {
    scope.addHook('onListen', () => { found.push(...furtherServersOf(scope).map(server => (server.address() as AddressInfo).address)) })
  })
  t.same(furtherServersOf(app), [], 'before it listens there is none')
  await app.listen({ host: 'localhost', port: 0 })
  t.same(found, [second])
})

test('an app that listens on one address has no further server', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.same(furtherServersOf(app), [])
})

test('what is no app of Fastify, or keeps something else there, has none', async t => {
  t.same(furtherServersOf({}), [])
  t.same(furtherServersOf({ [Symbol('fastify.serverBindings')]: 'changed' }), [])
})
