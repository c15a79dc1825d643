import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { answer } from '../answer.js'
import { chance } from './chance.js'

// One node: `node worker.js <index> <port> <folder> [gateway]`. With a gateway it runs the agent, and stops as its README says.
const [index, port, folder, gateway] = process.argv.slice(2)
const meanMs = 30
const fault = { factor: 1, status: 200, share: 0 }
// A file keeps what is written to it when the process is killed in the next moment.
const journal = openSync(join(folder, `${index}-${process.pid}`), 'a')

const app = Fastify()
app.get('/health', async () => 'ok')
app.all('/work', async ({ method, headers, body }, reply) => {
  const id = method === 'POST' ? body.id : headers['x-request']
  if (method === 'POST') writeSync(journal, `+${id}\n`)
  if (chance(`${id} fails`) < fault.share) reply.code(fault.status)
  else await sleep(-Math.log(1 - chance(id)) * meanMs * fault.factor)
  if (method === 'POST') writeSync(journal, `-${id}\n`)
  return { id, worker: Number(index) }
})

if (gateway !== undefined) {
  const { default: agent } = await import('fastify-balance/agent')
  await app.register(agent, { service: 's', gateways: [gateway] })
}
await app.listen({ port: Number(port), host: '127.0.0.1' })

process.once('SIGTERM', async () => {
  await app.agent?.drain()
  // Node closes the connections that are idle now; one that becomes idle a moment later would keep the process for a minute.
  setInterval(() => app.server.closeIdleConnections(), 100).unref()
  await app.close()
  process.exit(0)
})

answer({
  pid: () => process.pid,
  /** Is so many times slower, or answers a share of the requests with a status, at once. */
  spoil: changes => { Object.assign(fault, changes) }
})
