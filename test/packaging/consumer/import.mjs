import balance, { balance as named, strategies, errors } from 'fastify-balance'
import agent from 'fastify-balance/agent'
import drive from './drive.cjs'

console.log(balance === named, Object.keys(strategies).length > 0, errors.NoNodeError().code)
await drive(balance, agent)
