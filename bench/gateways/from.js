import Fastify from 'fastify'
import replyFrom from '@fastify/reply-from'
import { fastifyOptions, listen } from './listen.js'

/** Plain `reply.from()` to one origin: what everything is compared with. */
export async function fromGateway ([base], options = {}) {
  const app = Fastify(fastifyOptions)
  await app.register(replyFrom, { base, ...options })
  app.all('/*', (request, reply) => reply.from())
  return await listen(app)
}

/** Plain `reply.from()` that takes many origins in turn: what so many open connections cost by themselves, without any balancing. */
export async function fromManyGateway (origins) {
  const app = Fastify(fastifyOptions)
  await app.register(replyFrom)
  let count = 0
  const getUpstream = () => origins[count++ % origins.length]
  app.all('/*', (request, reply) => reply.from(request.url, { getUpstream }))
  return await listen(app)
}
