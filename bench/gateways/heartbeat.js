import Fastify from 'fastify'
import { answer } from '../answer.js'
import { profiler } from '../profiler.js'
import { fastifyOptions, listen } from './listen.js'
import balance from 'fastify-balance'

// A gateway that only hears heartbeats: `node heartbeat.js [secret]`.
const app = Fastify(fastifyOptions)
await app.register(balance, { heartbeat: process.argv[2] === undefined ? {} : { secret: process.argv[2] } })
const { port } = await listen(app)

answer({ port: () => port, cpuUsage: () => process.cpuUsage(), ...profiler() })
