import { Readable } from 'node:stream'
import { resolveGateway } from '../../../lib/options/gateway.js'
import { Forward } from '../../../lib/proxy/forward.js'
import { Service } from '../../../lib/proxy/service.js'
import { ManualClock } from '../../support/clock.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { ForwardRequest } from '../../../lib/proxy/forward-request.js'
import type { Pools } from '../../../lib/proxy/pools.js'
import type { Sending } from '../../../lib/proxy/send.js'
import type { Snapshot } from '../../../lib/registry/snapshot.js'
import type { ServiceParts } from '../../../lib/proxy/service.js'
import type { Node, Outcome, ServiceOptions, Strategy } from '../../../types/index.js'

/** An attempt as the test plays it: it stands where undici stands. */
export interface PlayedAttempt {
  readonly node: string
  readonly sending: Sending
  readonly options: Dispatcher.DispatchOptions
  /** How the attempt was cut off by us. */
  readonly aborts: string[]
  /** The request is written. */
  connect (): void
  respond (statusCode: number, headers?: IncomingHttpHeaders): void
  fail (code: string): void
}

export interface ForwardFixture {
  readonly forward: Forward
  readonly service: Service
  readonly clock: ManualClock
  readonly attempts: PlayedAttempt[]
  readonly nodes: readonly Node[]
  /** What the one who waits was told. */
  readonly told: string[]
  /** How the attempts were settled. */
  readonly settled: string[]
  /** Another request to the same service, and what its client is told. */
  readonly another: (given?: Partial<ForwardRequest>) => { readonly forward: Forward, readonly told: string[] }
  /** The nodes that are offered from now on. */
  readonly offer: (...nodes: Node[]) => void
}

interface ForwardWith extends Partial<ForwardRequest> {
  readonly balance?: Omit<ServiceOptions, 'nodes'>
  readonly watch?: Partial<Strategy>
  /** The nodes that are offered at first. Default `['a', 'b', 'c']`. */
  readonly ids?: readonly string[]
  /** How long a request may wait for the first node. Default 0. */
  readonly warmUpMs?: number
}

/** A service of its own, without warm-up. */
export function serviceOf (parts: Partial<ServiceParts>): Service {
  const rules = resolveGateway({}).defaults
  return new Service({ name: 'things', snapshotOf: () => undefined, observers: [], rules, warmUpMs: () => 0, clock: new ManualClock(), random: () => 0, ...parts })
}

const snapshotOf = (nodes: readonly Node[]): Snapshot =>
  ({ candidates: candidatesOf(...nodes), warming: [], panic: false, equalized: false, heartbeatsLost: false, validUntil: Infinity })

/** A request to three nodes, `a`, `b` and `c`, over connections that the test plays. */
export function forwardWith ({ balance = {}, watch = {}, ids = ['a', 'b', 'c'], warmUpMs = 0, ...request }: ForwardWith = {}): ForwardFixture {
  const [clock, attempts, settled] = [new ManualClock(), [] as PlayedAttempt[], [] as string[]]
  const nodes = ids.map(id => nodeWith(id))
  const strategy: Strategy = {
    pick: candidates => candidates[0],
    ...watch,
    settled (attempt, outcome) {
      settled.push(`${attempt.node.info.id} ${describe(outcome)}`)
      watch.settled?.(attempt, outcome)
    }
  }
  let snapshot = snapshotOf(nodes)
  const defaults = resolveGateway({ defaults: balance }).defaults
  const options = defaults.balance
  const service = serviceOf({ snapshotOf: () => snapshot, rules: defaults, clock, warmUpMs: () => warmUpMs })
  const inUse = service.strategy(() => strategy)
  const another: ForwardFixture['another'] = (given = {}) => {
    const told: string[] = []
    const forward = new Forward({
      method: 'GET',
      path: '/',
      headers: [],
      body: null,
      bodyTimeout: undefined,
      mayBeWhole: true,
      keepsType: true,
      admits: null,
      idempotent: true,
      hedge: options.hedge,
      keyOf: () => '',
      service,
      strategy: inUse,
      options,
      attemptTimeoutMs: options.attemptTimeoutMs,
      ...given
    }, {
      relay: (statusCode, _headers, body) => told.push(`relay ${statusCode} ${Buffer.isBuffer(body) ? body.toString() : typeof body}`),
      fail: error => told.push(`fail ${(error as Error & { code?: string }).code ?? error.message}`),
      failedOver: ({ info }) => told.push(`over from ${info.id}`)
    }, { clock, pools: playedPools(attempts) })
    return { forward, told }
  }
  return { ...another(request), service, clock, attempts, nodes, settled, another, offer: (...offered) => { snapshot = snapshotOf(offered) } }
}

function playedPools (attempts: PlayedAttempt[]): Pools {
  const poolOf = (node: Node): unknown => ({
    dispatch (options: Dispatcher.DispatchOptions, sending: Sending) {
      const aborts: string[] = []
      const abort = ({ message }: Error): void => {
        aborts.push(message)
        if (options.body instanceof Readable) options.body.destroy()
      }
      const controller = { abort, pause () {}, resume () {} } as unknown as Dispatcher.DispatchController
      attempts.push({
        node: node.info.id,
        sending,
        options,
        aborts,
        connect: () => sending.onRequestStart(controller),
        respond: (statusCode, headers = {}) => sending.onResponseStart(controller, statusCode, headers),
        fail: code => sending.onResponseError(controller, Object.assign(new Error(code), { code }))
      })
    }
  })
  return { poolOf } as unknown as Pools
}

function describe (outcome: Outcome): string {
  if (outcome.kind === 'response') return `${outcome.statusCode} after ${outcome.latencyMs}`
  return outcome.kind === 'aborted' ? `aborted after ${outcome.elapsedMs}` : `${outcome.sent ? 'failed' : 'unreached'} after ${outcome.elapsedMs}`
}
