import { ForbiddenError } from '../errors.js'
import { isLoopbackPeer } from '../peer.js'
import { statusOf } from './status.js'
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify'
import type { StatusSources } from './status.js'
import type { OperationsOptions } from '../../types/options.js'

/** Who may ask, and where. */
export interface OperationsAccess {
  readonly prefix: string
  readonly authorize: OperationsOptions['authorize'] | null
  /** NODE_ENV is production: then nobody may ask unless `authorize` says so. */
  readonly production: boolean
}

const schema: FastifySchema & { hide: boolean } = { hide: true }
/** An overloaded gateway must still say how it is. */
const config: Record<string, unknown> = { pressureHandler: () => {}, rateLimit: false }

const onlyThisMachine = 'Only this machine may ask; give operations.authorize to let others in'
const notLetIn = 'operations.authorize does not let this request in'

/** Adds the operations routes, in scopes of their own. The probes are open to all: they say nothing but how the gateway is. */
export function operationsRoutes (app: FastifyInstance, { prefix, authorize, production }: OperationsAccess, sources: StatusSources): void {
  const route = { schema, config, logLevel: 'warn', exposeHeadRoute: true } as const
  app.register(async scope => {
    scope.get('/live', route, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { live: true }
    })
    scope.get<{ Querystring: { leader?: unknown } }>('/ready', route, async ({ query }, reply) => {
      const reason = sources.unreadyBecause() ?? (query.leader !== undefined && !sources.group.isLeaderForTraffic ? 'not-leader' : null)
      reply.header('cache-control', 'no-store').code(reason === null ? 200 : 503)
      return reason === null ? { ready: true } : { ready: false, reason }
    })
  }, { prefix })
  if (authorize === null && production) return
  app.register(async scope => {
    scope.addHook('onRequest', async request => {
      if (!await mayAsk(request, authorize)) throw new ForbiddenError(typeof authorize === 'function' ? notLetIn : onlyThisMachine)
    })
    scope.get('/status', { ...route, exposeHeadRoute: false }, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return statusOf(sources)
    })
  }, { prefix })
}

async function mayAsk (request: FastifyRequest, authorize: OperationsAccess['authorize']): Promise<boolean> {
  if (authorize === null || authorize === undefined) return isLoopbackPeer(request)
  try {
    return await authorize(request) === true
  } catch (error) {
    request.log.warn({ err: error }, 'operations.authorize threw, so the request is refused')
    return false
  }
}
