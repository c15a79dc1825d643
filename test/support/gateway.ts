import Fastify from 'fastify'
import balance from '../../index.js'
import { until } from './client.js'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import type { Attempt, GatewayOptions, Outcome, ServiceOptions, StaticNode, Strategy, StrategyFactory } from '../../types/index.js'

export interface GatewayFixture {
  readonly app: FastifyInstance
  readonly origin: string
  /** What became of the attempts, in the order of their beginning: `a/200`, `a/unreached` (nothing was sent), `a/failed`, `a/aborted`, `a/…` (in flight). */
  readonly trace: readonly string[]
  /** How the attempts ended, in the order of their end. */
  readonly outcomes: ReadonlyArray<Outcome & { readonly node: string }>
  /** Every line of the log. */
  readonly log: ReadonlyArray<Record<string, unknown>>
  inFlight (): number
}

export interface GatewayWith extends Omit<ServiceOptions, 'nodes'> {
  /** The origins of the nodes of the service `things`, by their ids. They are offered in this order. */
  readonly nodes?: Readonly<Record<string, string | StaticNode>>
  readonly gateway?: GatewayOptions
  readonly server?: FastifyServerOptions
  /** Bodies are not parsed. */
  readonly streams?: boolean
  /** Declares the routes instead of one that sends everything to `things`. Runs after the plugin was registered. */
  readonly routes?: (app: FastifyInstance) => void | Promise<void>
  /** Runs before the plugin is registered. */
  readonly before?: (app: FastifyInstance) => void | Promise<void>
  /** Called by the strategy at each step of an attempt, at once. */
  readonly watch?: (step: 'started' | 'responded' | 'settled', attempt: Attempt, outcome: Outcome | null) => void
}

/**
 * A gateway on a real socket, whose strategy takes the nodes in the order they are configured in, and records. Closed with the test, which
 * fails if then an attempt is in flight, was settled more than once, went to a node that was tried, or if the process warned.
 */
export async function gatewayWith (t: Test, { nodes = {}, gateway = {}, server, streams = false, routes, before, watch, ...service }: GatewayWith): Promise<GatewayFixture> {
  const log: Array<Record<string, unknown>> = []
  const recorder = new Recorder(watch)
  watchProcess(t)
  const app = Fastify({ logger: { level: 'debug', stream: { write: line => { log.push(JSON.parse(line)) } } }, ...server as object })
  t.teardown(() => app.close())
  await before?.(app)
  await app.register(balance, {
    heartbeat: false,
    operations: false,
    pressure: false,
    warmUpMs: 0,
    ...gateway,
    defaults: { slowStartMs: 0, ejection: false, strategy: recorder.factory, ...gateway.defaults },
    services: {
      things: { slowStartMs: 0, ejection: false, strategy: recorder.factory, ...service, nodes: Object.entries(nodes).map(([id, node]) => ({ id, ...typeof node === 'string' ? { origin: node } : node })) },
      ...gateway.services
    }
  })
  if (streams) app.removeAllContentTypeParsers()
  if (streams) app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  if (routes === undefined) app.all('/*', (_request, reply) => reply.balance('things'))
  else await routes(app)
  const inFlight = (): number => app.registry.services().flatMap(name => app.registry.nodes(name)).reduce((sum, node) => sum + node.inFlight, 0)
  t.teardown(async () => {
    await until(`0 in flight after the test; it was [${recorder.trace.join(', ')}]`, () => inFlight() === 0 && recorder.running === 0)
    recorder.check()
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, origin, trace: recorder.trace, outcomes: recorder.outcomes, log, inFlight }
}

/** Whatever the process says of itself while the test runs makes the test fail. */
export function watchProcess (t: Test): void {
  const heard: Error[] = []
  const hear = (error: Error): void => { heard.push(error) }
  process.on('warning', hear)
  process.on('unhandledRejection', hear)
  t.teardown(() => {
    process.off('warning', hear)
    process.off('unhandledRejection', hear)
    if (heard.length > 0) throw heard[0]
  })
}

class Recorder {
  readonly trace: string[] = []
  readonly outcomes: Array<Outcome & { readonly node: string }> = []
  readonly #watch: NonNullable<GatewayWith['watch']>
  readonly #places = new Map<Attempt, number>()
  readonly #settled = new Set<Attempt>()
  readonly #faults: string[] = []

  constructor (watch: GatewayWith['watch'] = () => {}) {
    this.#watch = watch
  }

  get running (): number {
    return this.#places.size - this.#settled.size
  }

  /** One object for all gateways and services of a test, so that there is one trace. */
  readonly factory: StrategyFactory = (): Strategy => ({
    pick: candidates => candidates[0],
    started: attempt => {
      this.#places.set(attempt, this.trace.push(`${attempt.node.info.id}/…`) - 1)
      this.#watch('started', attempt, null)
    },
    responded: (attempt, outcome) => this.#watch('responded', attempt, outcome),
    settled: (attempt, outcome) => {
      const place = this.#places.get(attempt)
      if (place === undefined || this.#settled.has(attempt)) this.#faults.push(`an attempt at ${attempt.node.info.id} was settled without being in flight`)
      this.#settled.add(attempt)
      this.trace[place ?? 0] = `${attempt.node.info.id}/${nameOf(outcome)}`
      this.outcomes.push({ ...outcome, node: attempt.node.info.id })
      this.#watch('settled', attempt, outcome)
    }
  })

  check (): void {
    if (this.#faults.length > 0) throw new Error(this.#faults.join('; '))
  }
}

function nameOf (outcome: Outcome): string {
  if (outcome.kind === 'response') return String(outcome.statusCode)
  if (outcome.kind === 'aborted') return 'aborted'
  return outcome.sent ? 'failed' : 'unreached'
}
