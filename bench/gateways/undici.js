import { createServer } from 'node:http'
import { once } from 'node:events'
import { Pool } from 'undici'

/** The least that a proxy on undici can be: node:http in front of `Pool.dispatch()`, without any header hygiene. */
export async function undiciGateway ([origin]) {
  const pool = new Pool(origin)
  const server = createServer((request, response) => {
    const { connection, host, ...headers } = request.headers
    const body = request.headers['content-length'] === undefined ? null : request
    pool.dispatch({ path: request.url, method: request.method, headers, body }, relayTo(response))
  }).listen(0, '127.0.0.1')
  server.keepAliveTimeout = 72_000 // as Fastify has it
  await once(server, 'listening')
  return { port: server.address().port }
}

function relayTo (response) {
  let upstream
  response.on('drain', () => upstream.resume())
  return {
    onRequestStart (controller) { upstream = controller },
    onResponseStart (controller, statusCode, headers) {
      delete headers.connection
      delete headers['keep-alive']
      response.writeHead(statusCode, headers)
    },
    onResponseData (controller, chunk) { if (!response.write(chunk)) controller.pause() },
    onResponseEnd () { response.end() },
    onResponseError (controller, error) { response.destroy(error) }
  }
}
