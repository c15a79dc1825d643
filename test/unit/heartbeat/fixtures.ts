import Fastify from 'fastify'
import { heartbeatRoute } from '../../../lib/heartbeat/route.js'
import { resolveHeartbeat } from '../../../lib/heartbeat/options.js'
import { signatureOf } from '../../../lib/heartbeat/signature.js'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { HeartbeatDependencies } from '../../../lib/heartbeat/route.js'
import type { Announcement, Verdict } from '../../../lib/registry/announcement.js'
import type { HeartbeatOptions, NodeStatus } from '../../../types/index.js'

export const secret = '0123456789abcdef0123456789abcdef'
/** Unix seconds at which the clock of these tests stands. */
export const startTime = 1_795_355_366

/** Time that moves only by hand. */
export class ManualClock {
  #elapsedMs = 0
  now (): number { return 1000 + this.#elapsedMs }
  wall (): number { return startTime * 1000 + this.#elapsedMs }
  advance (byMs: number): void { this.#elapsedMs += byMs }
}

/** Takes every announcement, as the registry would the first of its id; `verdict` says otherwise. */
export class RecordingRegistry {
  readonly announcements: Announcement[] = []
  size = 0
  heard = 0
  known: readonly string[] = []
  nodesKnown: ReadonlyArray<Pick<NodeStatus, 'id' | 'origin' | 'static'>> = []
  verdict: Verdict | null = null

  announce (announcement: Announcement): Verdict {
    this.announcements.push(announcement)
    const { info: { id }, state } = announcement
    return this.verdict ?? { kind: 'accepted', id, state: state === 'up' ? 'warming' : state, drain: false }
  }

  nodes (): ReadonlyArray<Pick<NodeStatus, 'id' | 'origin' | 'static'>> { return this.nodesKnown }

  has (service: string, id: string): boolean { return this.known.includes(`${service}/${id}`) }
}

export interface GatewayFixture {
  readonly app: FastifyInstance
  readonly clock: ManualClock
  readonly registry: RecordingRegistry
  /** Every line of the log at warn and above. */
  readonly warnings: Array<Record<string, unknown>>
}

interface GatewayWith extends Partial<Pick<HeartbeatDependencies, 'group' | 'isClosing' | 'listening' | 'lookup'>> {
  readonly heartbeat?: HeartbeatOptions
  /** Runs before the route is added. */
  readonly prepare?: (app: FastifyInstance) => void
}

/** An app with the heartbeat route on a registry that only records. Closed with the test. */
export async function gatewayWith (t: Test, { heartbeat, prepare, ...given }: GatewayWith = {}): Promise<GatewayFixture> {
  const warnings: Array<Record<string, unknown>> = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: line => { warnings.push(JSON.parse(line)) } } } })
  t.teardown(() => app.close())
  const clock = new ManualClock()
  const registry = new RecordingRegistry()
  prepare?.(app)
  heartbeatRoute(app, {
    registry, clock, group: { gateways: [], fanout: 'all' }, isClosing: () => false, listening: () => [], ...given, options: resolveHeartbeat(heartbeat, { production: false })
  })
  await app.ready()
  return { app, clock, registry, warnings }
}

interface Signing {
  readonly key?: string
  readonly secret?: string
  readonly time?: number
  readonly nonce?: string
  readonly method?: string
  readonly target?: string
}

let counted = 0

/** The headers that sign a body, each with a nonce of its own unless one is given. */
export function signed (body: string, { key, secret: by = secret, time = startTime, nonce = `nonce-of-tests-${counted++}`, method = 'POST', target = '/heartbeat' }: Signing = {}): Record<string, string> {
  return {
    'x-heartbeat-time': String(time),
    'x-heartbeat-nonce': nonce,
    'x-heartbeat-signature': signatureOf({ secret: by, method, target, time, nonce, body }),
    ...(key === undefined ? {} : { 'x-heartbeat-key': key })
  }
}

interface Beat {
  readonly headers?: Record<string, string>
  readonly from?: string
  readonly url?: string
}

/** Sends one heartbeat; a body that is no string becomes JSON. */
export function beat (app: FastifyInstance, body: unknown, { headers = {}, from = '127.0.0.1', url = '/heartbeat' }: Beat = {}): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST', url, remoteAddress: from, headers: { 'content-type': 'application/json', ...headers }, payload: typeof body === 'string' ? body : JSON.stringify(body)
  })
}
