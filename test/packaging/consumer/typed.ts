// What a TypeScript user sees, who has installed fastify and fastify-balance and nothing else.
import Fastify from 'fastify'
import balance, { balance as named, errors, strategies } from 'fastify-balance'
import type { GatewayOptions, NodeStatus, StrategyFactory } from 'fastify-balance'
import agent from 'fastify-balance/agent'

const options: GatewayOptions = { services: { users: { nodes: ['http://10.0.0.5:3000'], strategy: 'random' } } }
const heaviest: StrategyFactory = () => ({ pick: ([first]) => first })

const app = Fastify()
app.register(balance, options)
app.register(named, { services: { own: { strategy: heaviest } } })
app.register(agent, { service: 'users', gateways: ['http://10.0.0.2:8080'] })
app.get('/', { config: { balance: { service: 'users', attempts: 1 } } }, (_request, reply) => reply.balance())
app.get('/users', (request, reply) => reply.balance('users', { path: request.url }))

export const nodes: readonly NodeStatus[] = app.registry.nodes('users')
export const drained: Promise<void> = app.agent.drain()
export const pick = strategies.adaptive(() => 0.5).pick
export const status: 503 = new errors.NoNodeError('users').statusCode

// @ts-expect-error no such option
app.register(balance, { servies: {} })
// @ts-expect-error a wrong value in the config of a route
app.get('/wrong', { config: { balance: { attempts: 'three' } } }, (_request, reply) => reply.balance())
// @ts-expect-error @fastify/reply-from is ours alone
app.get('/from', (_request, reply) => reply.from('/'))
// @ts-expect-error and so is @fastify/under-pressure
app.isUnderPressure()
