import { once } from 'node:events'
import { readFileSync } from 'node:fs'
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
/** The default size of the queue. */
const queueSize = 1024

interface Answer { readonly status: number, readonly retryAfter: boolean, readonly ms: number }

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
  const [head] = await once(socket, 'data')
  const text = String(head)
  return { status: Number(text.slice(9, 12)), retryAfter: /^retry-after: 1\r$/m.test(text), ms: performance.now() - startedAt }
}

const rssMiB = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('2,000 clients at once — on nodes limited to 50 in flight each — are served, or refused with Retry-After: within 1.2 s those beyond the queue', { timeout: 120_000 }, async t => {
  const balance = JSON.stringify({ services: { load: { maxInFlight: mostInFlight } } })
  const group = await startGroup(t, { gateway: { BALANCE: balance }, worker: { MOST_MS: '800' } })
  const sockets = await open(Number(new URL(group.address).port), clients)
  t.teardown(() => sockets.forEach(socket => socket.destroy()))

  const answers: Answer[] = []
  const [memory, slowestBeyond]: [number[], number[]] = [[], []]
  const room = queueSize + mostInFlight * group.workers.length
  for (let wave = 0; wave < waves; wave++) {
    const news = await Promise.all(sockets.map(ask))
    const refusals = news.filter(({ status }) => status === 503).map(({ ms }) => ms).sort((a, b) => a - b)
    slowestBeyond.push(Math.round(refusals[clients - room - 1] ?? Infinity))
    answers.push(...news)
    memory.push(rssMiB(group.gateway.pid))
  }

  const refused = answers.filter(({ status }) => status === 503)
  const slowest = Math.round(Math.max(...refused.map(({ ms }) => ms)))
  t.comment(`${answers.length - refused.length} served, ${refused.length} refused; the ${clients - room} beyond the queue within ${slowestBeyond.join(', ')} ms, those that had waited in it within ${slowest} ms`)
  t.comment(`gateway memory after each wave: ${memory.map(Math.round).join(', ')} MiB`)
  t.same(answers.filter(({ status }) => status !== 200 && status !== 503), [], 'every client has an answer')
  t.ok(answers.length - refused.length > mostInFlight * group.workers.length * waves, 'the nodes were used, and the queue')
  t.same(refused.filter(({ retryAfter }) => !retryAfter), [], 'every refusal says when to come again')
  t.ok(Math.max(...slowestBeyond) <= 1200, 'those beyond the queue are refused within 1.2 s')
  t.ok(slowest <= 1000 + 1200, 'those in the queue are refused as long after their wait of 1 s')
  t.ok((memory.at(-1) ?? 0) - (memory[1] ?? 0) < 60, 'the memory of the gateway does not grow from wave to wave')
  t.same((await nodesOf(group.address, 'load')).map(({ inFlight }) => inFlight), [0, 0, 0], 'nothing is left in flight')
  isQuiet(t, group.gateway, ...group.workers)
})
