import Fastify from 'fastify'
import { fastifyOptions, listen } from './listen.js'

/** `reply.balance()` over static nodes, everything else by default. */
export async function balanceGateway (nodes) {
  const { default: balance } = await import('fastify-balance')
  const app = Fastify(fastifyOptions)
  await app.register(balance, { services: { s: { nodes } } })
  app.all('/*', (request, reply) => reply.balance('s'))
  return await listen(app)
}
