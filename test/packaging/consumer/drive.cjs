'use strict'

// Uses both plugins as an app would, over real sockets: the one program that each way of loading them runs.
const { createServer } = require('node:http')
const { once } = require('node:events')
const Fastify = require('fastify')

module.exports = async function drive (balance, agent) {
  const upstream = createServer((request, response) => response.end(`${request.method} ${request.url}`)).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const gateway = Fastify()
  const worker = Fastify()
  try {
    await gateway.register(balance, { services: { users: { nodes: [`http://127.0.0.1:${upstream.address().port}`] } } })
    gateway.get('/*', (request, reply) => reply.balance('users'))
    const address = await gateway.listen({ port: 0, host: '127.0.0.1' })
    await worker.register(agent, { service: 'orders', gateways: [address] })
    await worker.listen({ port: 0, host: '127.0.0.1' })

    const answer = await fetch(`${address}/users/1?a=b`)
    console.log(answer.status, await answer.text())
    console.log(gateway.registry.nodes('users').map(node => node.state).join())
    console.log(typeof worker.agent.drain)
  } finally {
    await Promise.all([gateway.close(), worker.close()])
    upstream.close()
  }
}
