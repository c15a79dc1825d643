import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { ResolvedBalance } from '../options/balance.js'
import type { Clock } from '../../types/clock.js'
import type { Node, NodeInfo } from '../../types/node.js'
import type { Strategy } from '../../types/strategy.js'
import type { AttemptEvent } from './failover.js'
import type { Pools } from './pools.js'
import type { ReplayBody } from './replay.js'
import type { OutgoingRequest } from './send.js'
import type { Service } from './service.js'

/** A request on its way to a service. */
export interface ForwardRequest extends Omit<OutgoingRequest, 'body' | 'origin'> {
  readonly body: string | Buffer | ReplayBody | null
  readonly service: Service
  readonly strategy: Strategy
  readonly options: ResolvedBalance
  /** How long an attempt may take until its response head; Infinity: as long as the request. */
  readonly attemptTimeoutMs: number
  readonly idempotent: boolean
  /** false: it goes to one node at a time. */
  readonly hedge: ResolvedBalance['hedge']
  /** The nodes that may be offered; null: all. */
  readonly admits: ((info: NodeInfo) => boolean) | null
  /** What consistent hashing hashes; asked for only by strategies that want it. */
  keyOf (): string
  /** A response that came whole may be handed over whole; else always as a stream. */
  readonly mayBeWhole: boolean
  /** The content-type of a response goes to the client as it is. */
  readonly keepsType: boolean
}

/** Who waits for the answer. `relay` or `fail` is called once, unless the request is aborted before. */
export interface ForwardListener {
  relay (statusCode: number, headers: IncomingHttpHeaders, body: Buffer | Readable | undefined): void
  fail (error: Error): void
  /** An attempt failed and another node is tried. */
  failedOver (from: Node, event: AttemptEvent): void
}

/** What every request needs. */
export interface ForwardTools {
  readonly pools: Pools
  readonly clock: Clock
}
