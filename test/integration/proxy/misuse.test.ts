import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { answering, startWorker } from '../../support/worker.js'

test('reply.balance() — that an async handler does not return — has an empty answer sent, and the log warns', async t => {
  const worker = await startWorker(t, answering(200, 'hi'))
  const gateway = await gatewayWith(t, { nodes: { a: worker.origin }, routes: app => { app.get('/', async (_request, reply) => { reply.balance('things') }) } })
  const answer = await send(gateway.origin)
  t.same([answer.status, answer.body.length], [200, 0])
  await until('the warning', () => gateway.log.some(({ level }) => level === 40))
  t.match(gateway.log.filter(({ level }) => level === 40), [{ service: 'things', msg: 'the reply was sent before a node had answered: reply.balance() must be returned' }])
})

test('reply.balance() — called again for a request that waits — is an error', async t => {
  const worker = await startWorker(t, answering(200, 'hi'))
  const gateway = await gatewayWith(t, {
    nodes: { a: worker.origin },
    routes: app => {
      app.get('/', (_request, reply) => {
        reply.balance('things')
        return reply.balance('things')
      })
    }
  })
  const answer = await send(gateway.origin)
  t.equal(answer.status, 500)
  t.match(JSON.parse(String(answer.body)), { code: 'FST_BALANCE_OPTION', message: /was called before, and which waits for its answer$/ })
})
