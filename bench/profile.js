import { table } from './report.js'
import { startField, startGateways, warm } from './proxy.js'

const top = 30

/** Where the CPU time of gateways goes: the functions with most self time under the GET workload, µs per request, side by side. */
export async function profileGateways ({ processes, names, scale, log }) {
  const field = await startField(processes, names)
  const running = await startGateways({ processes, names, origins: field.origins })
  const requests = Math.ceil(20000 * scale)
  const found = []
  for (const gateway of running) {
    log(`profile: ${gateway.name}`)
    await warm({ ...field, gateway, workload: 'get', requests: Math.ceil(requests / 5) })
    found.push({ name: gateway.name, functions: await profileOf({ ...field, gateway, requests }) })
  }
  return ['## Profile: self time, µs per request', tableOf(found)].join('\n\n')
}

async function profileOf ({ load, gateway: { child, port }, requests }) {
  await child.call('profile')
  const before = await child.call('cpuMs')
  const { answers } = await load.call('run', { port, workload: 'get', requests, maxMs: 20000 })
  const cpuMs = await child.call('cpuMs') - before
  const profile = await child.call('profiled')
  await load.call('closeAll')
  return selfTimes(profile, cpuMs * 1000 / answers)
}

/**
 * Self time of every function: its share of the samples, of the CPU time of a request. The time between samples says nothing: it grows
 * while other processes have the core.
 */
function selfTimes ({ nodes, samples }, cpuUs) {
  const titles = new Map(nodes.map(({ id, callFrame }) => [id, titleOf(callFrame)]))
  const busy = samples.map(id => titles.get(id)).filter(title => title !== '(idle)' && title !== 'dispatch') // dispatch: the profiler's own
  const times = new Map()
  for (const title of busy) times.set(title, (times.get(title) ?? 0) + cpuUs / busy.length)
  return times
}

function titleOf ({ functionName, url, lineNumber }) {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\/(esm|cjs)\//, 'fastify-balance/').replace(/^file:.*\//, '')
  const name = functionName === '' ? '(anonymous)' : functionName
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`
}

function tableOf (found) {
  const highest = new Map()
  for (const { functions } of found) {
    for (const [title, us] of functions) highest.set(title, Math.max(us, highest.get(title) ?? 0))
  }
  const titles = [...highest].sort((a, b) => b[1] - a[1]).slice(0, top).map(([title]) => title)
  const total = functions => [...functions.values()].reduce((sum, us) => sum + us, 0)
  return table(['function', ...found.map(({ name }) => name)], [
    ['all', ...found.map(({ functions }) => total(functions).toFixed(1))],
    ...titles.map(title => [title, ...found.map(({ functions }) => (functions.get(title) ?? 0).toFixed(2))])
  ])
}
