// A gateway on all cores: node:cluster starts as many processes as there are, all of them on one port. Each is a gateway of its own. They share
// what they know by a Unix socket, so a heartbeat may reach any of them; nothing else has to run.
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import Fastify from 'fastify'
import balance, { closeOnSignals } from 'fastify-balance'
import { localStore } from 'fastify-balance/local'

const { PORT = '8080', HOST = '127.0.0.1', PROCESSES = String(availableParallelism()), HEARTBEAT_SECRET } = process.env

if (cluster.isPrimary) runAll(Number(PROCESSES))
else await serve()

async function serve () {
  const app = Fastify({ logger: true })
  await app.register(balance, { heartbeat: { secret: HEARTBEAT_SECRET }, store: localStore() })

  app.all('/hello', (request, reply) => reply.balance('hello'))
  app.all('/hello/*', (request, reply) => reply.balance('hello'))

  // What one of them alone shall do.
  app.registry.onLeader(token => app.log.info({ token }, token === null ? 'this process does not lead any more' : 'this process leads'))

  closeOnSignals(app, { signals: ['SIGTERM'] })
  // Ctrl-C reaches all processes at once, and they leave it to the first one.
  process.on('SIGINT', () => {})

  await app.listen({ port: Number(PORT), host: HOST })
}

// The first process serves nothing. It puts another one in the place of each that dies, and none when it is told to stop.
function runAll (count) {
  let isStopping = false
  for (let started = 0; started < count; started++) cluster.fork()

  cluster.on('exit', ({ process: { pid } }, code, signal) => {
    if (isStopping) return
    console.log(JSON.stringify({ level: 40, pid, code, signal, msg: 'a process has died, another one starts' }))
    // Not at once: one that cannot start would be started again and again.
    setTimeout(() => isStopping || cluster.fork(), 1000)
  })

  const stop = () => {
    isStopping = true
    for (const { process } of Object.values(cluster.workers)) process.kill('SIGTERM')
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
}
