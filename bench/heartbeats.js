import { median } from './median.js'

const kinds = [
  { title: 'signed with a secret', secret: '0123456789abcdef0123456789abcdef' },
  { title: 'unsigned, from loopback' }
]
/**
 * Part 2: accepted heartbeats per second and CPU time of each, over real HTTP. All are renewals: the nodes have registered before. There
 * are so many nodes because each may beat ten times at once and no more. Gives `{ title, nodes, perSecond, cpuUs, refused }`.
 */
export async function measureHeartbeats ({ processes, rounds, scale, log }) {
  const nodes = Math.ceil(5000 * scale)
  const requests = Math.min(4000 * scale, Math.floor(7 * nodes / rounds))
  const running = []
  for (const kind of kinds) running.push(await startKind({ processes, nodes, ...kind }))
  for (const each of running) await beat(each, 2 * nodes)
  for (let round = 0; round < rounds; round++) {
    log(`heartbeats: round ${round + 1} of ${rounds}`)
    for (const each of running) each.rounds.push(await beat(each, requests))
  }
  for (const { gateway, load } of running) {
    await processes.end(gateway)
    await processes.end(load)
  }
  return running.map(({ title, rounds }) => ({
    title,
    nodes,
    perSecond: median(rounds.map(round => round.perSecond)),
    cpuUs: median(rounds.map(round => round.cpuUs)),
    refused: refusals(rounds)
  }))
}

async function startKind ({ processes, nodes, title, secret }) {
  const gateway = await processes.start('gateways/heartbeat.js', secret === undefined ? [] : [secret], 0)
  const load = await processes.start('load.js', [], 1)
  await load.call('beat', { nodes, secret })
  return { title, gateway, load, port: await gateway.call('port'), rounds: [] }
}

async function beat ({ gateway, load, port }, requests) {
  await load.call('open', { port, count: 32 })
  const before = await gateway.call('cpuUsage')
  const { answers, statuses, ms } = await load.call('run', { port, workload: 'heartbeat', requests, maxMs: 20000 })
  const after = await gateway.call('cpuUsage')
  await load.call('closeAll')
  const cpuUs = after.user - before.user + after.system - before.system
  const accepted = statuses[200] ?? 0
  return { statuses, perSecond: accepted * 1000 / ms, cpuUs: cpuUs / answers }
}

function refusals (rounds) {
  const counts = {}
  for (const { statuses } of rounds) {
    for (const [status, count] of Object.entries(statuses)) {
      if (status !== '200') counts[status] = (counts[status] ?? 0) + count
    }
  }
  const text = Object.entries(counts).map(([status, count]) => `${count} × ${status}`).join(', ')
  return text === '' ? 'none' : text
}
