import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { test } from 'tap'
import { isQuiet } from '../support/process.js'
import { startGroup } from '../support/process-group.js'
import { nodesOf } from '../support/process-status.js'
import type { Socket } from 'node:net'

const clients = 2000
const waves = 5
const mostInFlight = 50

interface Answer { readonly status: number, readonly retryAfter: boolean, readonly ms: number, readonly message: string }

/** Opens connections a few at a time: Node accepts one per turn of its event loop. */
async function open (port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const more = Array.from({ length: Math.min(50, count - sockets.length) }, () => connect({ host: '127.0.0.1', port }))
    await Promise.all(more.map(socket => once(socket, 'connect')))
    sockets.push(...more)
  }
  return sockets
}

async function ask (socket: Socket): Promise<Answer> {
  const startedAt = performance.now()
  socket.write('GET / HTTP/1.1\r\nhost: gateway\r\n\r\n')
  let text = ''
  do text += String((await once(socket, 'data'))[0])
  while (!isComplete(text))
  const ms = performance.now() - startedAt
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { status: Number(head.slice(9, 12)), retryAfter: /^retry-after: 1$/m.test(head.replaceAll('\r', '')), ms, message: JSON.parse(body).message }
}

function isComplete (text: string): boolean {
  const [head = '', body] = text.split('\r\n\r\n')
  return body !== undefined && body.length >= Number(/^content-length: (\d+)/im.exec(head)?.[1])
}

/** Why requests are refused: they find no room in the queue, or wait in it in vain. */
const beyondQueue = "Every node of service 'load' is busy, and its queue is full"
const waitedInVain = "Every node of service 'load' is busy, and none was free within 1000 ms"
/** ms */
const slowestOf = (refused: readonly Answer[], message: string): number => Math.round(Math.max(...refused.filter(each => each.message === message).map(({ ms }) => ms)))

interface Memory { readonly heldBytes: number, readonly rssBytes: number }

/** What the gateway holds on to, and what its process has. Garbage is collected before: V8 lets it grow to hundreds of MiB before it looks. */
async function memoryOf (address: string): Promise<Memory> {
  const answer = await fetch(`${address}/memory/collect`, { method: 'POST' })
  return await answer.json() as Memory
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20)

test('2,000 clients at once — on nodes limited to 50 in flight each — are served, or refused with Retry-After: within 1.2 s those beyond the queue', { timeout: 120_000 }, async t => {
  const balance = JSON.stringify({ services: { load: { maxInFlight: mostInFlight } } })
  const group = await startGroup(t, { gateway: { BALANCE: balance }, worker: { MOST_MS: '800' } })
  const sockets = await open(Number(new URL(group.address).port), clients)
  t.teardown(() => sockets.forEach(socket => socket.destroy()))

  const answers: Answer[] = []
  const memory: Memory[] = []
  for (let wave = 0; wave < waves; wave++) {
    answers.push(...await Promise.all(sockets.map(ask)))
    memory.push(await memoryOf(group.address))
  }

  const refused = answers.filter(({ status }) => status === 503)
  const [slowestBeyond, slowestWaiting] = [slowestOf(refused, beyondQueue), slowestOf(refused, waitedInVain)]
  const countOf = (message: string): number => refused.filter(each => each.message === message).length
  t.comment(`${answers.length - refused.length} served, ${refused.length} refused: ${countOf(beyondQueue)} beyond the queue within ${slowestBeyond} ms, ${countOf(waitedInVain)} that had waited in it within ${slowestWaiting} ms`)
  t.comment(`after each wave the gateway holds ${memory.map(({ heldBytes }) => mib(heldBytes)).join(', ')} MiB, and its process has ${memory.map(({ rssBytes }) => mib(rssBytes)).join(', ')}`)
  t.same(answers.filter(({ status }) => status !== 200 && status !== 503), [], 'every client has an answer')
  t.ok(answers.length - refused.length > mostInFlight * group.workers.length * waves, 'the nodes were used, and the queue')
  t.same(refused.filter(({ retryAfter }) => !retryAfter), [], 'every refusal says when to come again')
  t.ok(countOf(beyondQueue) > 0 && countOf(waitedInVain) > 0, 'some found no room in the queue, some waited in it in vain')
  t.equal(countOf(beyondQueue) + countOf(waitedInVain), refused.length, 'every refusal says which it was')
  t.ok(slowestBeyond <= 1200, 'those beyond the queue are refused within 1.2 s')
  t.ok(slowestWaiting <= 1000 + 1200, 'those in the queue are refused as long after their wait of 1 s')
  const grownBy = (what: keyof Memory): number => mib((memory.at(-1)?.[what] ?? NaN) - (memory[1]?.[what] ?? NaN))
  t.ok(grownBy('heldBytes') < 5, 'what the gateway holds does not grow from wave to wave')
  t.ok(grownBy('rssBytes') < 60, 'nor does its process')
  t.same((await nodesOf(group.address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is left in flight')
  isQuiet(t, group.gateway, ...group.workers)
})
