// A gateway: every request to /hello goes to a healthy node of the service `hello`. Its nodes come by heartbeat.
import Fastify from 'fastify'
import balance, { closeOnSignals } from 'fastify-balance'

const { PORT = '8080', HOST = '127.0.0.1', HEARTBEAT_SECRET } = process.env

const app = Fastify({ logger: true })

// Without a secret only processes of this machine may register.
await app.register(balance, { heartbeat: { secret: HEARTBEAT_SECRET } })

app.all('/hello', (request, reply) => reply.balance('hello'))
app.all('/hello/*', (request, reply) => reply.balance('hello'))

closeOnSignals(app)

await app.listen({ port: Number(PORT), host: HOST })
