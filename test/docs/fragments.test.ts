// Runs each piece of JavaScript in the documents that is no program of its own, in an app, and looks whether it does what the text says.
import { createHash, randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import { needs, root, until } from '../support/process.js'
import { startRedis } from '../support/redis-server.js'
import { blocksOf, documents } from './markdown.js'
import { createProject, freePorts } from './project.js'
import { localStore } from '../../lib/stores/local.js'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Test } from 'tap'
import type { AgentOptions, GatewayOptions, GatewayStatus } from '../../types/index.js'
import type {} from '../../types/fastify.js'

/** A piece as a module: the packages as it sees them, and what it does with an app. */
interface Fragment {
  readonly balance: FastifyPluginAsync<GatewayOptions>
  readonly agent: FastifyPluginAsync<AgentOptions>
  default (app: FastifyInstance): Promise<void>
}

/** An app in which a piece has been run, and where requests to it go. */
interface Scene {
  readonly app: FastifyInstance
  readonly address: string
  readonly fragment: Fragment
}

const project = createProject(t)
const hasRedis = needs('redis-server')
const redisPort = hasRedis.skip === false ? (await startRedis(t)).port : 0
const ports = { ...await freePorts(), 6379: redisPort }
process.env['REDIS_URL'] = `redis://127.0.0.1:${redisPort}`
const blocks = documents.flatMap(blocksOf)
const fragments = blocks.filter(({ language, text }) => language === 'js' && !text.startsWith('// '))
const services = ['users', 'orders', 'events', 'files']

async function load (text: string, name: string): Promise<Fragment> {
  const lines = text.split('\n')
  const imports = lines.filter(line => line.startsWith('import '))
  const path = project.write(`${name}.js`, [
    "import balance from 'fastify-balance'",
    "import agent from 'fastify-balance/agent'",
    ...imports,
    'export { balance, agent }',
    'export default async function (app) {',
    ...lines.filter(line => !imports.includes(line)),
    '}'
  ].join('\n'), ports)
  return await import(pathToFileURL(path).href)
}

/** A node that says what it received. */
async function startNode (t: Test, port: number = 0): Promise<string> {
  const node = Fastify({ forceCloseConnections: true })
  t.teardown(() => node.close())
  node.removeAllContentTypeParsers()
  node.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 2 ** 24 }, (_request, body, done) => done(null, body))
  node.all('/*', async ({ method, url, headers, body }) => ({
    method, url, headers, size: Buffer.isBuffer(body) ? body.length : 0, digest: createHash('sha256').update(Buffer.isBuffer(body) ? body : '').digest('hex')
  }))
  return await node.listen({ port, host: '127.0.0.1' })
}

/** Runs a piece in an app that has what it does not bring: the gateway, the agent, nodes of the services. */
async function play (t: Test, text: string): Promise<Scene> {
  const fragment = await load(text, `fragment-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`)
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  const node = await startNode(t)
  if (!text.includes('app.register(balance')) {
    const shared = text.includes('onLeader') ? { store: localStore({ path: join(project.folder, 'hub') }), drainMs: 0 } : {}
    await app.register(fragment.balance, { services: Object.fromEntries(services.map(name => [name, { nodes: [node] }])), ...shared })
  }
  await fragment.default(app)
  if (!app.server.listening) app.get('/via/:service', (request, reply) => reply.balance((request.params as { service: string }).service, { path: '/' }))
  const address = app.server.listening ? '' : await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, address, fragment }
}

async function gatewayStatusOf (address: string): Promise<GatewayStatus['gateway']> {
  return (await (await fetch(`${address}/_balance/status`)).json() as GatewayStatus).gateway
}

/** It listens, and what it knows it shares. */
function sharesBy (kind: string): (t: Test, scene: Scene) => Promise<void> {
  return async (t, { address }) => {
    const { gateways } = await until(async () => {
      const gateway = await gatewayStatusOf(address)
      return gateway.gateways.includes(address) && gateway
    }, 'the gateway knows itself by the store')
    t.ok(gateways.length > 0)
    t.same((await gatewayStatusOf(address)).store, { kind, connected: true })
  }
}

const scenes: Readonly<Record<string, (t: Test, scene: Scene) => Promise<void>>> = {
  "await app.listen({ port: 8080, host: '0.0.0.0' })": async (t, { app }) => {
    t.match(app.addresses(), [{ port: ports[8080] }], 'it listens')
  },

  'redisStore({ client: new Redis(process.env.REDIS_URL': sharesBy('redis'),

  "new Redis('redis://10.0.0.5:6379', { lazyConnect: true }) })\n})": sharesBy('redis'),

  'store: localStore(': sharesBy('local'),

  "address: 'http://10.0.0.2:8080'": async (t, { address }) => {
    await until(async () => (await gatewayStatusOf(address)).gateways.includes(`http://127.0.0.1:${ports[8080]}`), 'workers are told that address')
  },

  "gateways: ['http://10.0.0.2:8080', 'http://10.0.0.3:8080'],": async (t, { app, fragment }) => {
    const gateway = Fastify({ forceCloseConnections: true })
    t.teardown(() => gateway.close())
    await gateway.register(fragment.balance)
    await gateway.listen({ port: ports[8080], host: '127.0.0.1' })
    const [node] = await until(() => gateway.registry.nodes('hello').length === 1 && gateway.registry.nodes('hello'), 'the gateway hears the worker')
    t.equal(await until(() => app.agent.id, 'the worker has its answer'), node?.id)
  },

  'app.registry.onLeader(token': async (t, { app }) => {
    await until(() => app.registry.leader, 'the only gateway leads')
  },

  "app.post('/clean-up'": async (t, { address }) => {
    const statusFor = async (token: string): Promise<number> => (await fetch(`${address}/clean-up`, { method: 'POST', headers: { 'x-token': token } })).status
    t.same([await statusFor('7'), await statusFor('8'), await statusFor('7'), await statusFor('8'), await statusFor('?')], [200, 200, 409, 200, 409])
  },

  'weight: 3': async (t, { app }) => {
    t.match(app.registry.nodes('users'), [{ weight: 1, state: 'up', static: true }, { origin: `http://10.0.0.6:${ports[3000]}`, weight: 3 }])
    t.ok(app.hasRoute({ method: 'GET', url: '/users/*' }))
  },

  'const heaviest': async (t, { app, address }) => {
    const origins = await Promise.all([startNode(t), startNode(t), startNode(t)])
    origins.forEach((origin, index) => app.registry.renew({ service: 'orders', origin, weight: [1, 5, 2][index] ?? 0 }))
    t.match(await (await fetch(`${address}/via/orders`)).json(), { headers: { host: new URL(origins[1] ?? '').host } })
  },

  "app.get('/orders/:id'": async (t, { address }) => {
    t.match(await (await fetch(`${address}/orders/7?a=b`)).json(), { method: 'GET', url: '/orders/7?a=b' })
  },

  "app.get('/search'": async (t, { address }) => {
    t.match(await (await fetch(`${address}/search?a=b`)).json(), { method: 'GET', url: '/search?a=b' })
  },

  'health: {': async (t, { app, address }) => {
    t.same(app.registry.services(), ['users', 'reports'])
    const isFound = (wanted: string): boolean => app.registry.nodes('users').every(({ state, reason }) => `${state}, ${reason}` === wanted)
    await until(() => isFound('ejected, check-failed'), 'the first check decides that nothing is there')
    t.equal((await fetch(`${address}/via/users`)).status, 502, 'it is asked all the same, for there is no other')
    await startNode(t, ports[3000])
    await until(() => isFound('up, null'), 'two good checks bring it back')
    t.match(await (await fetch(`${address}/via/users`)).json(), { url: '/' })
  },

  'discover: {': async (t, { app, address }) => {
    t.same(app.registry.services(), ['orders', 'stock'])
    t.same(app.registry.nodes('orders'), [], 'no name server is there')
    t.equal((await fetch(`${address}/via/stock`)).status, 503)
  },

  "app.post('/login'": async (t, { app, address }) => {
    const login = (): Promise<Response> => fetch(`${address}/login?a=b`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"me"}' })
    t.match(await (await login()).json(), { method: 'POST', url: '/v2/sessions?a=b', size: 13, headers: { 'x-request-id': /^req-/, 'x-forwarded-for': '127.0.0.1' } })
    const [node] = app.registry.nodes('users')
    app.registry.remove('users', node?.id ?? '')
    const refused = await login()
    t.equal(refused.status, 503)
    t.equal(refused.headers.get('retry-after'), '1')
    t.same(await refused.json(), { sorry: 'FST_BALANCE_NO_NODE' })
  },

  "app.all('/api/*'": async (t, { address }) => {
    const asked = { '/api': '/', '/api/': '/', '/api?a=b': '/?a=b', '/api/users/7?a=b': '/users/7?a=b', '/api/a%2Fb%3Fc%25': '/a%2Fb%3Fc%25', '/api//10.0.0.9/x': '//10.0.0.9/x' }
    for (const [path, url] of Object.entries(asked)) t.match(await (await fetch(`${address}${path}`)).json(), { url }, path)
  },

  "app.get('/events'": async (t, { address }) => {
    t.match(await (await fetch(`${address}/events`)).json(), { url: '/events' })
  },

  'scope.removeAllContentTypeParsers()': async (t, { address }) => {
    const body = randomBytes(3_000_000)
    const digest = createHash('sha256').update(body).digest('hex')
    for (const type of ['application/json', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'text/plain']) {
      const answer = await fetch(`${address}/files/a`, { method: 'PUT', headers: { 'content-type': type }, body })
      t.match(await answer.json(), { size: body.length, digest, headers: { 'content-type': type } }, `${type}, beyond bodyLimit, byte by byte`)
    }
  },

  'app.registry.onChange': async (t, { app }) => {
    t.same(app.registry.nodes('search'), [], 'it was removed')
  },

  "import replyFrom from '@fastify/reply-from'": async (t, { app, address }) => {
    await startNode(t, ports[3000])
    t.match(await (await fetch(`${address}/legacy`)).json(), { url: '/legacy' }, 'reply.from() is theirs')
    t.ok(app.hasDecorator('isUnderPressure'))
    t.equal((await fetch(`${address}/_balance/status`)).status, 200)
  }
}

t.test('there is a scene for each piece, and a piece for each scene', async t => {
  for (const { file, line, text } of fragments) t.equal(Object.keys(scenes).filter(key => text.includes(key)).length, 1, `${file}:${line}`)
  for (const key of Object.keys(scenes)) t.equal(fragments.filter(({ text }) => text.includes(key)).length, 1, key)
})

for (const { file, line, text } of fragments) {
  t.test(`the JavaScript at ${file}:${line} — does what the text says — in an app`, text.includes('redisStore') ? hasRedis : {}, async t => {
    const scene = await play(t, text)
    for (const [key, check] of Object.entries(scenes)) {
      if (text.includes(key)) await check(t, scene)
    }
  })
}

t.test('TypeScript — compiles as it stands — in strict mode', async t => {
  const pieces = blocks.filter(({ language }) => language === 'ts')
  const paths = pieces.map(({ text }, index) => project.write(`piece-${index}.ts`, text))
  t.not(paths.length, 0)
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022',
    '--module', 'nodenext', '--types', 'node', '--skipLibCheck', '--ignoreConfig', ...paths], { cwd: project.folder }).catch(error => error)
  t.equal(stdout, '')
})

t.test('app.agent — is as the table says — from before it listens until it has left', async t => {
  const { balance, agent } = await load('', 'agent')
  const gateway = Fastify({ forceCloseConnections: true })
  t.teardown(() => gateway.close())
  await gateway.register(balance)
  const worker = Fastify({ forceCloseConnections: true })
  t.teardown(() => worker.close())
  await worker.register(agent, { service: 'orders', gateways: [await gateway.listen({ port: 0, host: '127.0.0.1' })] })
  t.match(worker.agent, { id: null, state: 'idle' })
  const address = await worker.listen({ port: 0, host: '127.0.0.1' })
  t.equal(worker.agent.state, 'up')
  t.equal(await until(() => worker.agent.id, 'a gateway has answered'), new URL(address).host)
  await worker.agent.drain()
  t.equal(worker.agent.state, 'draining')
  t.equal(gateway.registry.nodes('orders')[0]?.state, 'draining')
  await worker.close()
  t.equal(worker.agent.state, 'left')
  t.same(gateway.registry.nodes('orders'), [])
})
