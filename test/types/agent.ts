// The declarations that are published (dist), as a worker meets them. Compiling is the test.
import Fastify from 'fastify'
import type { FastifyPluginAsync } from 'fastify'
import agent, { agent as named } from 'fastify-balance/agent'
import type { Agent, AgentOptions, HeartbeatAnswer, HeartbeatBody, LoadReport } from 'fastify-balance'
import { is } from './equal.js'
import type { Equal } from './equal.js'

is<Equal<typeof agent, FastifyPluginAsync<AgentOptions>>>()
is<Equal<typeof named, typeof agent>>()

const app = Fastify()

app.register(agent, { service: 'orders', gateways: ['http://10.0.0.2:8080'] })
app.register(agent, {
  service: 'orders',
  gateways: ['http://10.0.0.2:8080'],
  secret: 'a secret of at least 16',
  id: 'a',
  origin: 'http://10.0.0.5:3000',
  weight: 1,
  zone: 'a',
  tags: { canary: 'yes' },
  version: '1.0.0',
  intervalMs: 1000,
  drainMs: 10000,
  load: () => ({ inFlight: 1 })
})
app.register(agent, { service: 'orders', gateways: ['http://10.0.0.2:8080'], secret: process.env['HEARTBEAT_SECRET'], load: undefined })
// @ts-expect-error an agent serves a service
app.register(agent, { gateways: ['http://10.0.0.2:8080'] })
// @ts-expect-error an agent knows at least where to ask
app.register(agent, { service: 'orders' })
// @ts-expect-error a load is made of numbers
app.register(agent, { service: 'orders', gateways: [], load: () => ({ inFlight: 'many' }) })

is<Equal<typeof app.agent, Agent>>()
is<Equal<Agent['state'], 'idle' | 'up' | 'draining' | 'left'>>()
is<Equal<ReturnType<Agent['drain']>, Promise<void>>>()
// @ts-expect-error only the agent itself changes its state
app.agent.state = 'up'

// What is needed to write a client for the protocol.
export const body: HeartbeatBody = { service: 'orders', port: 3000 }
is<Equal<typeof body.load, Partial<LoadReport> | undefined>>()
is<Equal<HeartbeatAnswer['fanout'], 'one' | 'all'>>()
