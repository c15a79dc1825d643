import { gateways } from './gateways/index.js'
import { workloads } from './workloads.js'

const connections = 32
const maxMs = 5000
const slices = 6

/**
 * Part 1: CPU time of the gateway per request, and throughput, of all gateways side by side. A round gives every gateway many short
 * slices in turn, so that what the machine does meanwhile hits all of them; each generation starts all processes anew, since what
 * the JIT compiler happens to do differs from process to process. Gives remarks and the rounds: `{ gateway, workload, turn, cpuUs, perSecond }`.
 */
export async function measureGateways ({ processes, names, rounds, generations, scale, log }) {
  const field = await startField(processes, names)
  const results = { rounds: [], remarks: new Set() }
  for (let generation = 0; generation < generations; generation++) {
    log(`gateways: starting ${names.length} processes (${generation + 1} of ${generations})`)
    const running = await startGateways({ processes, names, origins: field.origins })
    for (const [workload, { requests }] of Object.entries(workloads)) {
      const one = { ...field, running, workload, requests, results }
      for (const gateway of running) await warm({ ...one, gateway, requests: Math.ceil(requests * 4 * scale) })
      for (let round = 0; round < rounds; round++) {
        log(`gateways: generation ${generation + 1} of ${generations}, ${workload}, round ${round + 1} of ${rounds}`)
        const turn = `${generation}/${round}`
        for (const sums of await measureRound(one, Math.ceil(slices * scale))) results.rounds.push({ turn, workload, ...sums })
      }
      await field.load.call('closeAll')
    }
    for (const { child } of running) await processes.end(child)
  }
  return { ...results, remarks: [...results.remarks] }
}

/** So many slices of every gateway; the first of a turn changes. */
async function measureRound (one, count) {
  const { running } = one
  const sums = running.map(() => ({ answers: 0, cpuMs: 0, ms: 0 }))
  for (let slice = 0; slice < count; slice++) {
    for (let place = 0; place < running.length; place++) {
      const at = (place + slice) % running.length
      const found = await measure({ ...one, gateway: running[at] })
      for (const key of Object.keys(found)) sums[at][key] += found[key]
    }
  }
  return sums.map(({ answers, cpuMs, ms }, at) => ({ gateway: running[at].name, cpuUs: cpuMs * 1000 / answers, perSecond: answers * 1000 / ms }))
}

/** The processes around the gateway: the upstreams and the load generator, together on the second core. */
export async function startField (processes, names) {
  const upstreams = await processes.start('upstreams.js', [], 1)
  const load = await processes.start('load.js', [], 1)
  const origins = await upstreams.call('start', Math.max(...names.map(name => gateways[name].nodes)))
  return { upstreams, load, origins }
}

/** One process per gateway, all on the first core; only one of them is asked at a time. */
export async function startGateways ({ processes, names, origins }) {
  const running = []
  for (const name of names) {
    const { nodes } = gateways[name]
    const child = await processes.start('gateways/run.js', [name], 0)
    const port = await child.call('start', { name, origins: origins.slice(0, nodes) })
    running.push({ name, nodes, child, port })
  }
  return running
}

/** Asks a gateway until its code is compiled and every node has been reached, so that its connections are open. */
export async function warm ({ upstreams, load, gateway, workload, requests, results }) {
  const { port } = gateway
  await upstreams.call('forget')
  await load.call('open', { port, count: connections })
  let reached = 0
  for (let tries = 0; tries < 3 || (reached < gateway.nodes && tries < 30); tries++) {
    check({ ...await load.call('run', { port, workload, requests, maxMs }), gateway, workload, results })
    reached = await upstreams.call('reached', gateway.nodes)
  }
  if (reached < gateway.nodes) results?.remarks.add(`${gateway.name}: only ${reached} of ${gateway.nodes} nodes were reached while warming up (${workload})`)
}

/** One slice: some requests to bring the process back to the core, then those that count. */
async function measure ({ load, gateway, workload, requests, results }) {
  const { port } = gateway
  await load.call('run', { port, workload, requests: Math.ceil(requests / 4), maxMs })
  const before = await gateway.child.call('cpuMs')
  const answered = await load.call('run', { port, workload, requests, maxMs })
  const cpuMs = await gateway.child.call('cpuMs') - before
  check({ ...answered, gateway, workload, results })
  return { answers: answered.answers, cpuMs, ms: answered.ms }
}

/** Remembers what went wrong; more than one answer in a hundred makes the measurement void. */
function check ({ answers, statuses, gateway, workload, results }) {
  const others = Object.entries(statuses).filter(([status]) => status !== '200')
  if (others.length === 0) return
  const text = others.map(([status, count]) => `${count} × ${status === '0' ? 'connection closed' : status}`).join(', ')
  if (others.reduce((sum, [, count]) => sum + count, 0) > answers / 100) throw new Error(`${gateway.name}, ${workload}: ${answers} answers, of them ${text}`)
  results?.remarks.add(`${gateway.name}, ${workload}: ${text}`)
}
