// A worker: an ordinary Fastify app that becomes a node of a service by one plugin.
import Fastify from 'fastify'
import agent, { closeOnSignals } from 'fastify-balance/agent'

// Port 0 is any free port. A worker that is started again on its old port is the same node as before.
const { PORT = '0', HOST = '127.0.0.1', SERVICE = 'hello', WEIGHT = '1', GATEWAYS = 'http://127.0.0.1:8080', HEARTBEAT_SECRET } = process.env

const app = Fastify({ logger: true })

await app.register(agent, {
  service: SERVICE,
  gateways: GATEWAYS.split(','),
  secret: HEARTBEAT_SECRET,
  weight: Number(WEIGHT),
  tags: { pid: String(process.pid) }
})

app.all('/*', async ({ method, url, body }) => ({ service: SERVICE, pid: process.pid, method, url, body }))

// First the gateways send nothing new here and the running requests end; only then the server closes.
closeOnSignals(app)

await app.listen({ port: Number(PORT), host: HOST })
