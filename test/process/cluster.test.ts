import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lost } from '../support/gateway-group.js'
import { freePort, isQuiet, startNode, until } from '../support/process.js'
import type { Program } from '../support/process.js'
import type { NodeChange } from '../../types/index.js'

const processes = 4
const nodes = 30

interface Line extends NodeChange { readonly pid: number, readonly time: number }

/** The transitions that all processes have logged. */
function linesOf (group: Program): Line[] {
  return group.output.filter(line => line.includes('node changed state')).map(line => {
    const { node: id, ...rest } = JSON.parse(line)
    return { id, ...rest }
  })
}

function pidsOf (group: Program): number[] {
  return [...new Set(group.output.filter(line => line.includes('listening at')).map(line => JSON.parse(line).pid as number))]
}

async function beat (port: number, id: number, seq: number, state: 'up' | 'left' = 'up'): Promise<void> {
  const body = JSON.stringify({ service: 'far', port: 20_000 + id, id: `far-${id}`, incarnation: 1, seq, state })
  // A connection of its own, so that any of the processes may get it. What the primary hands to one that has just been killed is never answered.
  const response = await fetch(`http://127.0.0.1:${port}/heartbeat`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body, signal: AbortSignal.timeout(500) })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
}

test('processes of node:cluster — all see a heartbeat that one of them got within 50 ms, and lose no node when any of them is killed', { timeout: 120_000 }, async t => {
  const port = await freePort()
  const group = startNode(t, 'test/process/fixtures/cluster-gateways.js', { PORT: String(port), STORE: 'local', NAMESPACE: `test ${process.pid}`, PROCESSES: String(processes) }, 'the gateways')
  await until(() => pidsOf(group).length === processes, 'all processes listen')
  await sleep(500)

  const gaps: number[] = []
  for (let id = 0; id < nodes; id++) {
    await beat(port, id, 1)
    const lines = await until(() => {
      const found = linesOf(group).filter(line => line.id === `far-${id}` && line.from === null)
      return found.length === processes && found
    }, `all processes know far-${id}`, 5000)
    const times = lines.map(({ time }) => time)
    gaps.push(Math.max(...times) - Math.min(...times))
  }
  gaps.sort((a, b) => a - b)
  t.comment(`${nodes} heartbeats: seen by all within ${gaps[nodes / 2]} ms (median), ${gaps.at(-1)} ms (all)`)
  t.ok((gaps[Math.floor(nodes * 0.9)] ?? Infinity) <= 50, 'all processes see a heartbeat within 50 ms')

  // The nodes beat on while each of the processes is killed once: one of them is the hub.
  let seq = 1
  const beating = new AbortController()
  const beats = (async () => {
    while (!beating.signal.aborted) {
      seq++
      // one whose process is killed meanwhile is sent again with the next
      await Promise.allSettled(Array.from({ length: nodes }, (_, id) => beat(port, id, seq)))
      await sleep(500)
    }
  })()
  const first = pidsOf(group).slice(0, processes)
  for (const pid of first) {
    process.kill(pid, 'SIGKILL')
    await sleep(3000)
  }
  beating.abort()
  await beats

  const survivors = pidsOf(group).filter(pid => !first.includes(pid))
  t.equal(survivors.length, processes, 'every process that was killed was replaced')
  t.same(lost(linesOf(group).filter(({ pid }) => survivors.includes(pid))), [], 'no process lost a node')
  t.same(lost(linesOf(group).filter(({ reason }) => reason !== 'left')), [], 'also none of those that were killed')
  for (const pid of survivors) t.equal(new Set(linesOf(group).filter(line => line.pid === pid).map(({ id }) => id)).size, nodes, `process ${pid} knows all nodes`)
  isQuiet(t, group)
})
