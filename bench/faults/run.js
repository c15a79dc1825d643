import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.js'
import { cores } from './cores.js'
import { faults } from './faults.js'
import { proxies } from './proxies/index.js'
import { Workers } from './workers.js'

const count = 4
const perSecond = 800
const warmSeconds = 2
const settleMs = 300

/**
 * One fault on one proxy, all processes new: starts them, warms them up with the same load, not counted, then `seconds` of load with the fault at a
 * quarter. Gives what happened; `{ refused }` when the proxy does not know its options and need not.
 */
export async function run ({ processes, proxy, fault, seconds }) {
  const { hasAgents, isOptional } = proxies[proxy]
  const gateway = await processes.start('faults/gateway.js', [proxy], cores)
  let port
  try {
    if (hasAgents) port = await gateway.call('start', [])
  } catch (error) {
    await processes.end(gateway)
    if (isOptional && error.message.includes('is not known')) return { refused: /option .* is not known/.exec(error.message)[0] }
    throw error
  }
  const workers = new Workers(processes, hasAgents ? `http://127.0.0.1:${port}` : undefined)
  const load = await processes.start('faults/load.js', [], cores)
  try {
    await workers.start(count)
    port ??= await gateway.call('start', workers.origins)
    await known(gateway)
    await load.call('run', { port, startAt: now(), perSecond, requests: warmSeconds * perSecond, prefix: 'warm' })
    return await measure({ gateway, workers, load, port, fault, seconds })
  } finally {
    await processes.end(load)
    await processes.end(gateway)
    await workers.end()
  }
}

/** Waits until the gateway knows all nodes, where it can say so. */
async function known (gateway) {
  for (const deadline = now() + 10_000; ; await sleep(50)) {
    const nodes = await gateway.call('nodes')
    if (nodes === null || nodes === count) return
    if (now() > deadline) throw new Error(`the gateway knows ${nodes} of ${count} nodes`)
  }
}

async function measure ({ gateway, workers, load, port, fault, seconds }) {
  const startAt = now() + settleMs
  const faultAt = startAt + seconds * 1000 / 4
  const [shots, faultEndedAt] = await Promise.all([
    load.call('run', { port, startAt, perSecond, requests: Math.round(seconds * perSecond), prefix: 'run' }),
    sleep(faultAt - now()).then(() => faults[fault].inject(workers, seconds * 1000 / 12)).then(now)
  ])
  const changes = await gateway.call('changes')
  return {
    startAt,
    faultAt,
    faultEndedAt,
    shots: shots.map(([id, dueAt, sentAt, endedAt, status, worker]) => ({ id, dueAt, sentAt, endedAt, status, worker })),
    deaths: workers.deaths,
    journals: workers.journals(),
    changes: changes.filter(({ at }) => at >= startAt)
  }
}
