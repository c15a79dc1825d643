// Runs the examples of several gateways as a user would. `npm start` has tests of its own, and so have the workers in other languages.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { addressOf, freePort, isAlive, isQuiet, needs, root, start, startNode, until } from '../support/process.js'
import { load } from '../support/process-load.js'
import { nodesUp } from '../support/process-status.js'
import { startRedis } from '../support/redis-server.js'
import type { Test } from 'tap'
import type { GatewayStatus } from '../../types/index.js'
import type { Shot } from '../support/process-load.js'
import type { Program } from '../support/process.js'

const folder = 'examples/several-gateways'
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')
const unanswered = (shots: readonly Shot[]): Shot[] => shots.filter(({ status }) => status !== 200)
const methodsOf = (shots: readonly Shot[]): string[] => [...new Set(shots.map(({ method }) => method))]

/** Each connection to a cluster may reach another of its processes. */
async function statusOf (address: string): Promise<GatewayStatus> {
  return await (await fetch(`${address}/_balance/status`, { headers: { connection: 'close' } })).json() as GatewayStatus
}

/** The processes of a cluster that have been seen, those that know the node apart. */
async function processesThatKnow (address: string, count: number): Promise<Set<string>> {
  const knowing = new Set<string>()
  await until(async () => {
    const { gateway, services } = await statusOf(address)
    if (services.some(({ name, nodes }) => name === 'hello' && nodes.length === 1)) knowing.add(gateway.id)
    return knowing.size === count
  }, `${count} processes know the node`)
  return knowing
}

/** The ids of the processes that have logged that they listen. */
function pidsOf (cluster: Program): number[] {
  return cluster.output.filter(line => line.includes('listening')).map(line => JSON.parse(line).pid)
}

test('examples/cluster.js — has its processes share a node and puts another one in the place of a killed one — until SIGTERM ends them all', async t => {
  const port = String(await freePort())
  const cluster = startNode(t, 'examples/cluster.js', { PORT: port, PROCESSES: '2' }, 'the cluster')
  const address = await addressOf(cluster)
  await until(() => pidsOf(cluster).length === 2, 'both processes listen')
  const worker = startNode(t, 'examples/worker.js', { GATEWAYS: address }, 'a worker')
  const before = await processesThatKnow(address, 2)

  const [victim = 0] = pidsOf(cluster)
  process.kill(victim, 'SIGKILL')
  await cluster.line(/a process has died, another one starts/)
  await until(() => pidsOf(cluster).length === 3, 'a third process listens')
  const after = await processesThatKnow(address, 2)
  t.equal([...after].filter(id => before.has(id)).length, 1, 'one of them is new')
  t.match(await (await fetch(`${address}/hello/world`)).json(), { service: 'hello', url: '/hello/world' })

  const pids = pidsOf(cluster)
  cluster.send('SIGTERM')
  t.same(await cluster.exited, { code: 0, signal: null })
  t.same(pids.filter(isAlive), [], 'no process is left')
  isQuiet(t, cluster, worker)
})

test('examples/cluster.js — ends with all its processes — on Ctrl-C', async t => {
  const cluster = startNode(t, 'examples/cluster.js', { PORT: String(await freePort()), PROCESSES: '2' }, 'the cluster')
  await until(() => pidsOf(cluster).length === 2, 'both processes listen')
  process.kill(-cluster.pid, 'SIGINT')
  t.same(await cluster.exited, { code: 0, signal: null })
  t.equal(cluster.output.filter(line => line.includes('"closing"')).length, 2, 'each closed in order')
  isQuiet(t, cluster)
})

interface Pair {
  readonly gateways: readonly [Program, Program]
  readonly addresses: readonly [string, string]
  startGateway (port: string): Promise<Program>
}

/** Two gateways on a Redis, and a worker that is told of the first one only. */
async function startPair (t: Test): Promise<Pair> {
  const redis = await startRedis(t)
  const startGateway = async (port: string): Promise<Program> => {
    const gateway = startNode(t, `${folder}/gateway.js`, { PORT: port, HOST: '127.0.0.1', REDIS_URL: `redis://127.0.0.1:${redis.port}` }, 'a gateway')
    await addressOf(gateway)
    return gateway
  }
  const gateways = [await startGateway('0'), await startGateway('0')] as const
  const addresses = [await addressOf(gateways[0]), await addressOf(gateways[1])] as const
  startNode(t, 'examples/worker.js', { GATEWAYS: addresses[0] }, 'a worker')
  for (const address of addresses) await nodesUp(address, 'hello', 1)
  return { gateways, addresses, startGateway }
}

test('examples/several-gateways/gateway.js — shares its nodes by Redis, one leads, and a worker turns to the other one — when its gateway is killed', needs('redis-server'), async t => {
  const { gateways: [first, second], addresses } = await startPair(t)
  await until(async () => (await statusOf(addresses[1])).gateway.gateways.length === 2, 'the gateways know each other')
  const leads = await Promise.all(addresses.map(async address => (await statusOf(address)).gateway.leader))
  t.same([...leads].sort(), [false, true])
  await sleep(1500)
  first.send('SIGKILL')
  await first.exited
  for (const end = performance.now() + 6000; performance.now() < end; await sleep(100)) t.equal((await fetch(`${addresses[1]}/hello`)).status, 200)
  t.match(await nodesUp(addresses[1], 'hello', 1), [{ state: /up|warming/ }])
  await until(async () => (await statusOf(addresses[1])).gateway.leader, 'the other one leads')
  second.send('SIGTERM')
  t.same(await second.exited, { code: 0, signal: null })
  isQuiet(t, second)
})

test('examples/several-gateways/haproxy.cfg — costs no GET when a gateway is killed, and nothing when one is stopped — under load', needs('redis-server', 'haproxy'), async t => {
  const { gateways: [first, second], addresses, startGateway } = await startPair(t)
  const front = `127.0.0.1:${await freePort()}`
  const [one, other] = addresses.map(address => new URL(address).host)
  const haproxy = start(t, { name: 'haproxy', run: ['haproxy', '-db', '-f', join(root, folder, 'haproxy.cfg')], env: { BIND: front, GATEWAY_1: one ?? '', GATEWAY_2: other ?? '' } })
  await until(async () => (await fetch(`http://${front}/hello`).catch(() => null))?.status === 200, 'haproxy answers')

  const whileKilled = load(`http://${front}/hello`, { perSecond: 100 })
  await sleep(1000)
  first.send('SIGKILL')
  await sleep(3000)
  const killed = await whileKilled.stop()
  t.comment(`killed: ${unanswered(killed).length} of ${killed.length} requests failed`, unanswered(killed).map(({ method, status, problem }) => `${method} ${status} ${problem}`))
  t.same(methodsOf(unanswered(killed)).filter(method => method === 'GET'), [], 'every GET was answered')
  t.ok(unanswered(killed).length < 30, 'nor more of the POST than were under way')

  const again = await startGateway(new URL(addresses[0]).port)
  await sleep(2500)
  const whileStopped = load(`http://${front}/hello`, { perSecond: 100 })
  await sleep(1000)
  second.send('SIGTERM')
  t.same(await second.exited, { code: 0, signal: null })
  await sleep(500)
  const stopped = await whileStopped.stop()
  t.equal(methodsOf(stopped).length, 2)
  t.same(unanswered(stopped), [], 'every request was answered')
  isQuiet(t, second, again)
  haproxy.send('SIGTERM')
})

test('examples/several-gateways/kubernetes.yaml — gives the programs the environment that they read, and probes routes that there are', async t => {
  const [gateway = '', , , worker = ''] = textOf(`${folder}/kubernetes.yaml`).split(/^---$/m)
  const read = (path: string): string[] => /const \{([^}]*)\} = process\.env/.exec(textOf(path))?.[1]?.split(',').map(each => each.trim().split(' ')[0] ?? '') ?? []
  const given = (text: string): string[] => Array.from(text.matchAll(/^ {12}- (?:\{ )?name: (\w+)/gm), ([, name = '']) => name).filter(name => name === name.toUpperCase())
  t.same(given(gateway).filter(name => ![...read(`${folder}/gateway.js`), 'NODE_ENV'].includes(name)), [])
  t.same(given(worker).filter(name => !read('examples/worker.js').includes(name)), [])
  t.ok(given(gateway).length > 5 && given(worker).length > 3)
  t.same(Array.from(gateway.matchAll(/path: (\S+),/g), ([, path]) => path), ['/_balance/ready', '/_balance/live'])
  const secondsOf = (pattern: RegExp): number => Number(pattern.exec(gateway)?.[1])
  t.ok(secondsOf(/terminationGracePeriodSeconds: (\d+)/) > secondsOf(/CLOSE_MS, value: "(\d+)000"/), 'it is not killed before it has given up')
  t.ok(secondsOf(/CLOSE_MS, value: "(\d+)000"/) > secondsOf(/DRAIN_MS, value: "(\d+)000"/))
})
