import Fastify from 'fastify'
import { fastifyOptions, listen } from '../../gateways/listen.js'
import { now } from '../clock.js'

/** `reply.balance()` over nodes that come by heartbeat; everything by default but for `defaults`. */
export async function balanceProxy (defaults) {
  const { default: balance } = await import('fastify-balance')
  const app = Fastify(fastifyOptions)
  await app.register(balance, { defaults })
  app.all('/*', (request, reply) => reply.balance('s'))
  const changes = []
  app.registry.onChange(({ id, from, to, reason }) => changes.push({ at: now(), id, from, to, reason }))
  return { ...await listen(app), changes, nodes: () => app.registry.nodes('s').length }
}
