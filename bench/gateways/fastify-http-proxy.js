import Fastify from 'fastify'
import httpProxy from '@fastify/http-proxy'
import { fastifyOptions, listen } from './listen.js'

/** @fastify/http-proxy to one origin; bodies pass through unparsed. */
export async function fastifyHttpProxyGateway ([upstream]) {
  const app = Fastify(fastifyOptions)
  await app.register(httpProxy, { upstream })
  return await listen(app)
}
