import { networkInterfaces } from 'node:os'
import { Server as TlsServer } from 'node:tls'
import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import '../types/fastify.js'
import type { AgentOptions } from '../types/agent.js'
import { systemClock, systemRandom } from './clock.js'
import { RegisteredError } from './errors.js'
import { agentSettingsOf } from './agent/settings.js'
import { markRefusals } from './agent/draining-mark.js'
import { Lifecycle } from './agent/lifecycle.js'
import { LoadSampler } from './agent/load.js'
import type { Listener } from './agent/place.js'
import { RunningRequests } from './agent/requests.js'
import { HeartbeatSender } from './agent/sender.js'
import { samplePressure } from './pressure.js'

export { closeOnSignals } from './close-on-signals.js'
export type { Agent, CloseOptions } from '../types/agent.js'
export type { LoadReport } from '../types/node.js'
export type { AgentOptions } from '../types/agent.js'

const name = 'fastify-balance-agent'

const plugin: FastifyPluginAsync<AgentOptions> = async (app, options) => {
  const settings = agentSettingsOf(options)
  claim(app)
  const clock = systemClock
  const log = app.log.child({ plugin: name })
  const pressure = await samplePressure(app, {})
  const running = new RunningRequests(clock)
  const load = new LoadSampler({
    clock,
    inFlight: () => running.count,
    underPressure: () => pressure.isUnderPressure(),
    override: settings.load,
    failed: error => log.error({ err: error }, "option 'load' threw: what it would report is left out")
  })
  const sender = new HeartbeatSender({ settings, clock, random: systemRandom, log, load: () => load.report(), ownAddresses })
  const lifecycle = new Lifecycle(sender, running, { clock, drainMs: settings.drainMs })
  running.watch(app)
  markRefusals(app, () => lifecycle.phase)
  app.decorate('agent', lifecycle.agent)
  app.addHook('onListen', () => {
    load.start()
    sender.start(listenerOf(app))
  })
  // The server still listens in preClose: the gateways know before a connection is refused.
  app.addHook('preClose', () => lifecycle.close())
  app.addHook('onClose', async () => {
    await lifecycle.leave()
    load.stop()
  })
}

const claimed: symbol = Symbol.for(`${name}.claimed`)

/** One agent per app: two would announce the same origin. The mark is on the server, which all scopes of an app share. */
function claim (app: FastifyInstance): void {
  if (Object.hasOwn(app.server, claimed)) throw new RegisteredError('fastify-balance/agent')
  Object.defineProperty(app.server, claimed, { value: true })
}

function listenerOf (app: FastifyInstance): Listener {
  // A Unix socket's address is a string.
  const bindings = app.addresses().flatMap(address => typeof address === 'object' ? [address] : [])
  return { bindings, secure: app.server instanceof TlsServer }
}

function ownAddresses (): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []).map(({ address }) => address))
}

/**
 * Makes a Fastify app a node of a service: it sends heartbeats with its load to the gateways once it listens, drains and says goodbye.
 * Register it before routes in other scopes, so that it sees their requests. It never takes the app down: without a gateway the app serves on.
 */
export const agent: FastifyPluginAsync<AgentOptions> = fp(plugin, { name, fastify: '5.x' })
export default agent
