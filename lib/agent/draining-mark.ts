import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Says of a 503 that its request was not processed, so that a gateway may send it to another node, whatever its method. */
export const drainingHeader = 'x-balance-draining'

/**
 * Marks the 503 responses of an app that drains or closes, when the request has not reached a handler. A handler's own 503 is not marked,
 * for it may have done half of the work (its timeout is a 503 too); it sets the header itself where it has not.
 */
export function markRefusals (app: FastifyInstance, phase: () => 'serving' | 'draining' | 'closing'): void {
  const untouched = new WeakSet<ServerResponse>()
  // A closing Fastify answers 503 before any hook (`return503OnClosing`); what is set here goes with it.
  app.server.prependListener('request', (_request, response) => {
    if (phase() === 'serving') return
    untouched.add(response)
    if (phase() === 'closing') response.setHeader(drainingHeader, '1')
  })
  app.addHook('onRequest', (_request, reply, done) => {
    if (phase() !== 'serving') untouched.add(reply.raw)
    // With `return503OnClosing: false` the request goes on.
    if (phase() === 'closing') reply.raw.removeHeader(drainingHeader)
    done()
  })
  app.addHook('preHandler', (_request, reply, done) => {
    untouched.delete(reply.raw)
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.statusCode === 503 && untouched.has(reply.raw)) reply.header(drainingHeader, '1')
    done()
  })
}
