import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { Server as TlsServer } from 'node:tls'
import fp from 'fastify-plugin'
import { stayingAlive, systemClock as clock, systemRandom } from './clock.js'
import { RegisteredError } from './errors.js'
import { ActiveChecks } from './health/active-checks.js'
import { Discovery } from './discovery/discovery.js'
import { resolveNodes } from './discovery/resolve.js'
import { expiredNodes } from './health/expired-nodes.js'
import { OutlierDetector } from './health/outlier.js'
import { Stalls, stallTickMs } from './health/stalls.js'
import { Traffic } from './health/traffic.js'
import { watchNodes } from './health/watched-nodes.js'
import { resolveHeartbeat } from './heartbeat/options.js'
import { heartbeatRoute } from './heartbeat/route.js'
import { Life } from './life.js'
import { logRegistry, storeLog, troubleLog } from './operations/log.js'
import { operationsRoutes } from './operations/routes.js'
import { resolveGateway } from './options/gateway.js'
import { samplePressure } from './pressure.js'
import { decorateBalance } from './proxy/balance.js'
import { Plans } from './proxy/plans.js'
import { Pools } from './proxy/pools.js'
import { probe } from './proxy/probe.js'
import { NodeRegistry, sweepMs } from './registry/registry.js'
import { groupOf } from './sync/group.js'
import { ownAddressOf } from './sync/own-address.js'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { ResolvedGateway } from './options/gateway.js'
import type { ResolvedService } from './options/service.js'
import type { Pressure } from './pressure.js'
import type { Group } from './sync/group.js'
import type { GatewayOptions } from '../types/options.js'
import type { Registry } from '../types/registry.js'
import type { GatewayStatus } from '../types/status.js'
import '../types/fastify.js'

/** How much memory all recorded bodies of a gateway may take together. */
const replayMemoryBytes = 64 * 1024 * 1024

/** How long a gateway counts as just started, ms: every node has beaten by then. */
const warmUpWindowMs = 5000

/** Where an app's server carries the sign that it has a gateway; shared by all copies of this package in a process. */
const registered = Symbol.for('fastify-balance.registered')

/** Why a gateway should get no traffic; null: it should. */
type UnreadyReason = 'draining' | 'closing' | 'under-pressure' | null

async function gateway (app: FastifyInstance, options: GatewayOptions): Promise<void> {
  const production = process.env.NODE_ENV === 'production'
  const resolved = resolveGateway(options)
  const heartbeat = resolved.heartbeat === false ? null : resolveHeartbeat(resolved.heartbeat, { production })
  claim(app)
  const serviceOf = (name: string): ResolvedService => resolved.services.get(name) ?? resolved.defaults
  const registry = new NodeRegistry(clock, resolved.services.keys(), serviceOf)
  const traffic = new Traffic()
  const outliers = new OutlierDetector(name => serviceOf(name).ejection, registry, systemRandom)
  const stalls = new Stalls({
    rulesOf: name => serviceOf(name).ejection,
    latencyOf: node => traffic.of(node).latencyMs,
    stalled: node => outliers.stalled(node, clock.now())
  })
  const watchServices = logRegistry(registry, app.log.child({ plugin: 'fastify-balance' }))
  const plans = new Plans({
    options: resolved,
    snapshotOf: name => registry.snapshot(name),
    observers: [traffic, expiredNodes(registry), outliers, stalls],
    warmUpMs: warmUpOf(app, resolved.warmUpMs),
    clock,
    random: systemRandom
  })
  const pools = poolsOf(app, registry, serviceOf)
  registry.onChange(change => plans.changed(change))
  checkNodes(app, registry, pools, serviceOf)
  for (const { nodes } of resolved.services.values()) nodes.forEach(info => registry.configure(info))
  discoverNodes(app, registry, resolved)

  const pressure = resolved.pressure === false ? null : await samplePressure(app, resolved.pressure)
  const unreadyBecause = (): UnreadyReason => life.state !== 'serving' ? life.state : pressure?.isUnderPressure() === true ? 'under-pressure' : null
  const id = randomUUID()
  const group = joinGroup(app, resolved, registry, { id, isFit: () => unreadyBecause() === null })
  const life = new Life(app, { id, clock, drainMs: resolved.drainMs, leave: () => group.leave() })
  const stops = [clock.every(stallTickMs, () => stalls.tick()), clock.every(sweepMs, () => {
    registry.sweep()
    plans.sweep()
    watchServices()
  })]
  app.addHook('onClose', async () => stops.forEach(stop => stop()))
  await decorateBalance(app, plans, { pools, clock, memory: { usedBytes: 0, limitBytes: replayMemoryBytes } })
  app.decorate('registry', publicRegistry(registry, group))
  app.decorate('gateway', life.gateway)
  checkRoutes(app, plans)
  plans.prepare()
  if (heartbeat !== null) {
    const heard = { announce: group.announce, get size () { return registry.size }, get heard () { return registry.heard }, has: (service: string, node: string) => registry.has(service, node), nodes: (service: string) => registry.nodes(service) }
    heartbeatRoute(app, { registry: heard, options: heartbeat, group, clock, isClosing: () => life.state === 'closing', listening: whereListening(app) })
  }
  if (resolved.operations === false) return
  operationsRoutes(app, { ...resolved.operations, production }, {
    id,
    startedAt: clock.wall(),
    registry,
    traffic,
    strategyOf: name => strategyNameOf(serviceOf(name)),
    queuedOf: name => plans.queued(name),
    ejectionsOf: node => outliers.of(node),
    unreadyBecause,
    group,
    pressure: () => pressureStatusOf(pressure)
  })
}

/** Tells machines apart that are named alike, and containers of one machine: each of these has loopback addresses of its own. */
function machineName (): string {
  try {
    return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return hostname()
  }
}

/** This gateway among those of its group: it knows what they know before it listens, and says where it listens. */
function joinGroup (app: FastifyInstance, { store, gateways, address }: ResolvedGateway, registry: NodeRegistry, fitness: { id: string, isFit: () => boolean }): Group {
  const log = app.log.child({ plugin: 'fastify-balance' })
  const group = groupOf(store, {
    ...fitness,
    ...storeLog(log),
    machine: machineName(),
    registry,
    gateways,
    clock,
    random: systemRandom,
    failed: error => log.error({ err: error }, 'a listener of onLeader threw')
  })
  app.addHook('onReady', () => stayingAlive(group.start()))
  app.addHook('onListen', async () => {
    const bindings = app.addresses().flatMap(each => typeof each === 'string' ? [] : [each])
    group.listens(address ?? ownAddressOf(bindings, Object.values(networkInterfaces()).flatMap(each => each ?? []), app.server instanceof TlsServer))
  })
  app.addHook('onClose', () => stayingAlive(group.stop()))
  return group
}

/** How long a request may wait for its service's first node now: a gateway that has just started has heard of nobody yet. */
function warmUpOf (app: FastifyInstance, warmUpMs: number): () => number {
  let startedAt = clock.now()
  app.addHook('onListen', async () => { startedAt = clock.now() })
  return () => clock.now() - startedAt < warmUpWindowMs ? warmUpMs : 0
}

/** Active checks for the nodes without lease, where the service has them. */
function checkNodes (app: FastifyInstance, registry: NodeRegistry, pools: Pools, serviceOf: (name: string) => ResolvedService): void {
  const checks = new ActiveChecks({
    clock,
    random: systemRandom,
    probe: (node, { path, timeoutMs }, signal) => probe(pools, clock, node, { path, timeoutMs, signal }),
    judge: (node, works) => registry.judge(node, works)
  })
  watchNodes(registry, checks, name => serviceOf(name).health)
  app.addHook('onClose', async () => checks.stop())
}

/** Asks DNS for the nodes of the services that say so. */
function discoverNodes (app: FastifyInstance, registry: NodeRegistry, { services }: ResolvedGateway): void {
  const troubled = troubleLog(app.log.child({ plugin: 'fastify-balance' }))
  for (const [service, { discover }] of services) {
    if (discover === null) continue
    const discovery = new Discovery(service, discover, { registry, resolve: resolveNodes, clock, random: systemRandom, troubled })
    discovery.start()
    app.addHook('onClose', async () => discovery.stop())
  }
}

/** The connections to the nodes: closed with their node, and all of them with the app. */
function poolsOf (app: FastifyInstance, registry: NodeRegistry, serviceOf: (name: string) => ResolvedService): Pools {
  const pools = new Pools(name => {
    const { balance: { connectTimeoutMs }, tls } = serviceOf(name)
    return { connectTimeoutMs, tls }
  })
  registry.onGone(node => pools.forget(node))
  registry.onChange(({ service, id, to }) => {
    const node = registry.node(service, id)
    if (to === 'draining' && node !== undefined) pools.forget(node)
  })
  app.addHook('onClose', async () => pools.close())
  return pools
}

/** One gateway per app, in whatever scope: two would answer the same heartbeats. */
function claim (app: FastifyInstance): void {
  const { server } = app as { server: object }
  if (registered in server) throw new RegisteredError('fastify-balance')
  Object.defineProperty(server, registered, { value: true })
}

/** What users get of the registry, and no more. */
function publicRegistry (registry: NodeRegistry, group: Group): Registry {
  return Object.freeze({
    services: () => registry.services(),
    nodes: (service: string) => registry.nodes(service),
    renew: (...given: Parameters<Registry['renew']>) => registry.renew(...given),
    remove: (service: string, id: string) => registry.remove(service, id),
    drain: (service: string, id: string, draining: boolean = true) => group.drain(service, id, draining),
    onChange: (listener: Parameters<Registry['onChange']>[0]) => registry.onChange(listener),
    get leader () { return group.isLeader },
    onLeader: (listener: Parameters<Registry['onLeader']>[0]) => group.onLeader(listener)
  })
}

/** A wrong `config.balance` is reported when the route is declared. */
function checkRoutes (app: FastifyInstance, plans: Plans): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.balance !== undefined) plans.route(config.balance, `config.balance of ${String(method)} ${url}`)
  })
}

/** Where the app listens, as `ip:port`; nowhere until it does. */
function whereListening (app: FastifyInstance): () => readonly string[] {
  let bindings: readonly string[] = []
  app.addHook('onListen', async () => {
    bindings = app.addresses().flatMap(each => typeof each === 'string' ? [] : [`${each.family === 'IPv6' ? `[${each.address}]` : each.address}:${each.port}`])
  })
  return () => bindings
}

function strategyNameOf ({ balance: { strategy } }: ResolvedService): string {
  return typeof strategy === 'function' ? 'custom' : strategy
}

function pressureStatusOf (pressure: Pressure | null): GatewayStatus['gateway']['pressure'] {
  if (pressure === null) return null
  const { eventLoopDelay, eventLoopUtilized, heapUsed, rssBytes } = pressure.memoryUsage()
  return {
    underPressure: pressure.isUnderPressure(),
    eventLoopDelayMs: Number.isFinite(eventLoopDelay) ? eventLoopDelay : null,
    eventLoopUtilization: eventLoopUtilized,
    heapUsedBytes: heapUsed,
    rssBytes
  }
}

/** Makes a Fastify app a gateway: decorates it with `app.registry` and `reply.balance()`, and adds the heartbeat and operations routes. Register it once. */
export const balance: FastifyPluginAsync<GatewayOptions> = fp(gateway, { fastify: '5.x', name: 'fastify-balance' })
