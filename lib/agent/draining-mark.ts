import type { ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { furtherServersOf } from '../further-servers.js'

/** Says of a 503 that its request was not processed, so that a gateway may send it to another node, whatever its method. */
export const drainingHeader = 'x-balance-draining'

/** What the response to a request carries that came while the app did not serve and has not reached a handler. */
const kUntouched: unique symbol = Symbol('fastify-balance.untouched')

interface Marked { [kUntouched]?: boolean }

/**
 * Marks the 503 responses of an app that drains or closes, when the request has not reached a handler. A handler's own 503 is not marked,
 * for it may have done half of the work (its timeout is a 503 too); it sets the header itself where it has not.
 */
export function markRefusals (app: FastifyInstance, phase: () => 'serving' | 'draining' | 'closing'): void {
  // A closing Fastify answers 503 before any hook (`return503OnClosing`); what is set here goes with it.
  const watch = (server: Server): void => {
    server.prependListener('request', (_request: unknown, response: ServerResponse & Marked) => {
      if (phase() === 'serving') return
      response[kUntouched] = true
      if (phase() === 'closing') response.setHeader(drainingHeader, '1')
    })
  }
  watch(app.server)
  app.addHook('onListen', () => furtherServersOf(app).forEach(watch))
  app.addHook('onRequest', (_request, { raw }: { raw: ServerResponse & Marked }, done) => {
    if (phase() !== 'serving') raw[kUntouched] = true
    // With `return503OnClosing: false` the request goes on.
    if (phase() === 'closing') raw.removeHeader(drainingHeader)
    done()
  })
  app.addHook('preHandler', (_request, { raw }: { raw: ServerResponse & Marked }, done) => {
    if (raw[kUntouched] === true) raw[kUntouched] = false
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const { raw }: { raw: ServerResponse & Marked } = reply
    if (reply.statusCode === 503 && raw[kUntouched] === true) reply.header(drainingHeader, '1')
    done()
  })
}
