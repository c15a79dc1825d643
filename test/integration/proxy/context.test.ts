import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { refusingOrigin, resettingAfterReading, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { FastifyInstance } from 'fastify'

// Connections to nodes outlive requests: what runs in their callbacks must still run in the context of its own request.

const storage = new AsyncLocalStorage<string>()
const seen: string[] = []
const note = (where: string, url: string): void => { seen.push(`${where} ${url === storage.getStore() ? 'right' : `wrong: ${storage.getStore()} for ${url}`}`) }

function routes (app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => storage.run(request.url, done))
  app.addHook('onSend', async request => note('onSend', request.url))
  app.addHook('onResponse', async request => note('onResponse', request.url))
  app.addHook('onError', async request => note('onError', request.url))
  app.get('/fail', (_request, reply) => reply.balance('broken'))
  app.get('/*', (request, reply) => reply.balance('things', {
    rewriteHeaders: headers => {
      note('rewriteHeaders', request.url)
      return headers
    }
  }))
}

test('the async context of a request — is the same in the hooks after reply.balance() — with short and long answers, over connections that are used again', async t => {
  const worker = await startWorker(t, (request, response) => { response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(Number(request.url?.slice(1)))) })
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes })
  seen.length = 0
  for (let round = 0; round < 3; round++) {
    await send(`${gateway.origin}/10`)
    await send(`${gateway.origin}/300000`)
  }
  await until('all hooks', () => seen.length === 18)
  t.same(seen.filter(line => !line.endsWith('right')), [])
  t.equal(worker.connections, 1)
})

test('the async context of a request — is the same in the hooks — after a failover and after a failure', async t => {
  const [a, b] = [await startUpstream(t, resettingAfterReading), await startWorker(t, answering(200))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, gateway: { services: { broken: { nodes: [await refusingOrigin(t)] } } }, routes })
  seen.length = 0
  await send(`${gateway.origin}/1`)
  await send(`${gateway.origin}/fail`)
  await until('all hooks', () => seen.length === 6)
  t.same(seen, ['rewriteHeaders right', 'onSend right', 'onResponse right', 'onError right', 'onSend right', 'onResponse right'])
})
