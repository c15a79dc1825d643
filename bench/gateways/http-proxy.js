import { Agent, createServer } from 'node:http'
import { once } from 'node:events'
import httpProxy from 'http-proxy'

/** The npm package http-proxy to one origin, with kept-alive connections. */
export async function httpProxyGateway ([target]) {
  const proxy = httpProxy.createProxyServer({ target, agent: new Agent({ keepAlive: true }) })
  proxy.on('error', (error, request, response) => response.writeHead(502).end(error.message))
  const server = createServer((request, response) => proxy.web(request, response)).listen(0, '127.0.0.1')
  server.keepAliveTimeout = 72_000 // as Fastify has it
  await once(server, 'listening')
  return { port: server.address().port }
}
