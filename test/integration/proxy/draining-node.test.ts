import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { saying, startUpstream } from '../../support/upstream.js'
import type { Connection } from '../../support/upstream.js'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('a node that drains — has its idle connections closed by the gateway, while a running request goes on', async t => {
  const held: Connection[] = []
  const node = await startUpstream(t, {
    received (connection, chunk) {
      if (chunk.includes('GET /slow')) held.push(connection)
      else connection.socket.write(ok)
    }
  })
  const gateway = await gatewayWith(t, { nodes: { a: node.origin } })
  const slow = send(`${gateway.origin}/slow`)
  await until('the slow request has come', () => held.length === 1)
  t.match(await send(`${gateway.origin}/fast`), { status: 200 })
  t.equal(node.connections.length, 2)
  t.equal(gateway.app.registry.drain('things', 'a'), true)
  await until('the idle connection is closed', () => node.connections.filter(({ socket }) => socket.destroyed || socket.readableEnded).length === 1)
  t.equal(held[0]?.socket.destroyed, false)
  held[0]?.socket.write(ok)
  t.match(await slow, { status: 200, text: 'ok' })
  await until('nothing is left open', () => node.connections.every(({ socket }) => socket.destroyed || socket.readableEnded))
})

test('a node that drains — is asked still when it is the only one', async t => {
  const node = await startUpstream(t, saying(ok))
  const gateway = await gatewayWith(t, { nodes: { a: node.origin } })
  gateway.app.registry.drain('things', 'a')
  t.match(await send(gateway.origin), { status: 200 })
})
