import { test } from 'tap'
import { addressOf, isQuiet, needs, start, startNode, until } from '../support/process.js'
import { nodesOf, nodesUp } from '../support/process-status.js'

const workers = [
  { name: 'Fastify', run: [process.execPath, 'examples/worker.js'], programs: [] },
  { name: 'plain Python', run: ['python3', 'examples/worker.py'], programs: ['python3'] }
] as const

for (const { name, run, programs } of workers) {
  test(`a worker of ${name} — drains, tells the other gateways too, and comes back — when an operator drains it at one gateway`, needs(...programs), async t => {
    const gateways = ['one gateway', 'the other gateway'].map(name => startNode(t, 'test/process/fixtures/operator.js', {}, name))
    const addresses = await Promise.all(gateways.map(addressOf))
    const [address = '', other = ''] = addresses
    const worker = start(t, { name, run, env: { GATEWAYS: addresses.join() } })
    const [node] = await nodesUp(address, 'hello', 1)
    await nodesUp(other, 'hello', 1)

    for (const [draining, state] of [[true, 'draining'], [false, 'up']] as const) {
      await fetch(`${address}/drain?service=hello&id=${node?.id}&draining=${draining}`, { method: 'POST' })
      await until(async () => (await nodesOf(other, 'hello')).some(node => node.state === state), `the other gateway knows the node as ${state}`)
    }
    isQuiet(t, ...gateways, worker)
  })
}
