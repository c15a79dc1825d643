// One of several gateways, each on a machine of its own. They share what they know of the nodes through Redis or Valkey, so a node beats one of them, and any of them may die.
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import balance, { closeOnSignals } from 'fastify-balance'
import { redisStore } from 'fastify-balance/redis'

const { PORT = '8080', HOST = '0.0.0.0', REDIS_URL = 'redis://127.0.0.1:6379', ADDRESS, DRAIN_MS, CLOSE_MS, TRUST_PROXY, HEARTBEAT_SECRET } = process.env

// trustProxy: whose x-forwarded-for is believed, where a load balancer stands in front.
const app = Fastify({ logger: true, trustProxy: TRUST_PROXY?.split(',') ?? false })

await app.register(balance, {
  heartbeat: { secret: HEARTBEAT_SECRET },
  // The store makes connections of its own from the options of this client, which itself need not connect.
  store: redisStore({ client: new Redis(REDIS_URL, { lazyConnect: true }) }),
  // Where the nodes reach this gateway, for instance http://10.0.0.2:8080. Without it: the port that it listens on, at the first address of the machine.
  address: ADDRESS,
  // How long it serves on after SIGTERM: what leads clients here must notice meanwhile that /_balance/ready is 503.
  drainMs: DRAIN_MS === undefined ? undefined : Number(DRAIN_MS)
})

app.all('/hello', (request, reply) => reply.balance('hello'))
app.all('/hello/*', (request, reply) => reply.balance('hello'))

// What one gateway alone shall do. The token rises from leader to leader: who is given it can refuse the orders of a former one.
app.registry.onLeader(token => app.log.info({ token }, token === null ? 'this gateway does not lead any more' : 'this gateway leads'))

closeOnSignals(app, { timeoutMs: CLOSE_MS === undefined ? undefined : Number(CLOSE_MS) })

await app.listen({ port: Number(PORT), host: HOST })
