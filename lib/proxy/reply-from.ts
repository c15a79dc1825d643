import replyFrom from '@fastify/reply-from'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { CallOptions } from '../../types/options.js'

/** What reply-from asks of whoever sends its requests: the seam at which we take over. */
export interface Requester {
  request (options: RequesterOptions, callback: RequesterCallback): void
}

export interface RequesterOptions {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string | Buffer | NodeJS.ReadableStream | undefined
  readonly headersTimeout: number | undefined
  readonly bodyTimeout: number | undefined
}

/** undefined as body: there is none. */
export type RequesterCallback = (error: Error | null, response: { statusCode: number, headers: IncomingHttpHeaders, body: Buffer | Readable | undefined }) => void

/** The options of reply-from that we use. */
export type FromOptions = Pick<CallOptions, 'body' | 'contentType' | 'method' | 'queryString' | 'rewriteHeaders' | 'rewriteRequestHeaders' | 'onResponse' | 'timeout'> & {
  retryDelay: () => null
}

/** `reply.from()`, as a function of the reply. */
export type From = (reply: FastifyReply, source: string | undefined, options: FromOptions) => void

/** Every request is built against this; the node's origin is put in its place later. One base for all, so that the guards against path traversal and the URL cache work on it. */
const base = 'http://service.invalid'

/**
 * Takes `reply.from` out of @fastify/reply-from without decorating the app with it: the app may register that plugin for itself, before or
 * after, and twice in one scope would end the process. All else that it registers goes to the app. Rejects when it does not decorate `from`.
 */
export async function takeReplyFrom (app: FastifyInstance, requester: Requester): Promise<From> {
  const taken: { from?: (this: FastifyReply, source: string | undefined, options: FromOptions) => unknown } = {}
  const facade: FastifyInstance = Object.create(app, {
    decorateReply: {
      value (name: string, value: typeof taken.from) {
        if (name === 'from' && value !== undefined) taken.from = value
        return this
      }
    }
  })
  await new Promise<void>((resolve, reject) => {
    const options = { base, undici: requester, disableRequestLogging: true }
    const register = replyFrom as unknown as (app: FastifyInstance, options: object, done: (error?: Error) => void) => void
    register(facade, options, error => error === undefined ? resolve() : reject(error))
  })
  const { from } = taken
  if (from === undefined) throw new Error('this version of @fastify/reply-from does not decorate replies with `from` in a way that fastify-balance knows')
  return (reply, source, options) => { from.call(reply, source, options) }
}
