import type { Registry } from './registry.js'
import type { CallOptions, RouteOptions } from './options.js'
import type { Agent } from './agent.js'
import type { Gateway } from './gateway.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Which nodes this gateway knows. Present where fastify-balance is registered. */
    registry: Registry
    /** This app as a gateway among others. Present where fastify-balance is registered. */
    gateway: Gateway
    /** This app as a node. Present where fastify-balance/agent is registered. */
    agent: Agent
  }
  interface FastifyReply {
    /**
     * Sends the request to a healthy node of a service, and the answer to the client. Returns the reply at once, as `reply.from()` does:
     * a Reply is thenable, so return it and do not await it.
     */
    balance (service?: string, options?: CallOptions): this
  }
  interface FastifyContextConfig {
    /** How `reply.balance()` balances on this route. */
    balance?: RouteOptions
  }
}
