import { networkInterfaces } from 'node:os'
import { HeartbeatClosingError, HeartbeatUnauthorizedError } from '../errors.js'
import { isLoopbackPeer, peerAddressOf, plainAddress } from '../peer.js'
import { admissionBy } from './authentication.js'
import { rememberedLookup, systemLookup } from './lookup.js'
import { receiver } from './receive.js'
import { answerOf, refusalWith } from './refusal.js'
import { RefusalLog } from './refusal-log.js'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Proof } from './authentication.js'
import type { Lookup } from './lookup.js'
import type { ResolvedHeartbeat } from './options.js'
import type { HeartbeatGroup, HeartbeatRegistry } from './receive.js'
import type { Clock } from '../../types/clock.js'

/** The largest heartbeat. */
export const mostBytes = 16_384

export interface HeartbeatDependencies {
  readonly registry: HeartbeatRegistry
  readonly options: ResolvedHeartbeat
  readonly group: HeartbeatGroup
  readonly clock: Pick<Clock, 'now' | 'wall'>
  /** Whether this gateway no longer takes heartbeats. */
  readonly isClosing: () => boolean
  /** Where this gateway listens, as `ip:port`. */
  readonly listening: () => readonly string[]
  /** Default: the system's. */
  readonly lookup?: Lookup
}

const schema: FastifySchema & { hide: boolean } = { hide: true }
/** An overloaded gateway must hear its nodes, or it would lose them. */
const config: Record<string, unknown> = { pressureHandler: () => {}, rateLimit: false }

/** Adds the route that hears heartbeats, in a scope of its own: neither its content type parser nor its error handler reach the app. */
export function heartbeatRoute (app: FastifyInstance, dependencies: HeartbeatDependencies): void {
  const { options: { authentication, path } } = dependencies
  if (authentication.kind === 'loopback' && !authentication.chosen) {
    app.log.warn({ path }, 'no heartbeat.secret is set: only processes of this machine may register nodes')
  }
  app.register(async scope => {
    scope.removeAllContentTypeParsers()
    // Kept as bytes: the signature covers them as they came, and nothing is parsed for who has not proved it.
    scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: mostBytes }, (_request, body, done) => done(null, body))
    scope.setErrorHandler(refuser(dependencies.clock))
    scope.route({
      method: 'POST', url: path, bodyLimit: mostBytes, logLevel: 'warn', exposeHeadRoute: false, schema, config, ...handlers(dependencies)
    })
  })
}

function handlers ({ registry, options, group, clock, isClosing, listening, lookup = systemLookup }: HeartbeatDependencies) {
  const admit = admissionBy(options.authentication, clock)
  const proofs = new WeakMap<FastifyRequest, Proof>()
  const destinations = { allow: options.allow, own: { listening, isLocal }, lookup: rememberedLookup(lookup, clock) }
  const receive = receiver({ registry, options, group, clock, destinations })

  return {
    onRequest: async (request: FastifyRequest) => {
      if (isClosing()) throw refusalWith(new HeartbeatClosingError(), { retryAfter: 1 })
      proofs.set(request, await admit(request))
    },
    handler: async (request: FastifyRequest) => {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const prove = proofs.get(request)
      if (prove === undefined) throw new HeartbeatUnauthorizedError('it was not let in')
      return receive({ bytes, ...prove(bytes), sender: { address: peerAddressOf(request), isLoopback: isLoopbackPeer(request) } })
    }
  }
}

function isLocal (address: string): boolean {
  return Object.values(networkInterfaces()).some(entries => entries?.some(entry => plainAddress(entry.address) === address))
}

function refuser (clock: Pick<Clock, 'now'>): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  const log = new RefusalLog(clock)
  return (error, request, reply) => {
    const answer = answerOf(error)
    // Not of the protocol: the app's own error handler knows better.
    if (answer === null) throw error
    log.tell(request.log, peerAddressOf(request) ?? 'unknown', answer)
    if (answer.retryAfter !== undefined) reply.header('retry-after', String(answer.retryAfter))
    if (isUnread(request)) reply.header('connection', 'close')
    reply.code(answer.statusCode).send(answer.body)
  }
}

/** Whether more of the body may come than is worth reading for an answer that is known already. */
function isUnread ({ body, headers }: FastifyRequest): boolean {
  return body === undefined && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > mostBytes)
}
