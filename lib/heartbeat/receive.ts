import { HeartbeatForbiddenError, HeartbeatInvalidError, HeartbeatLimitError, HeartbeatSupersededError } from '../errors.js'
import { idOf, idPattern } from '../node/info.js'
import { announcementOf } from './announcement.js'
import { destinationOf } from './destination.js'
import { HeartbeatPace, intervalOf } from './limits.js'
import { refusalWith } from './refusal.js'
import { heartbeatBodyOf } from './schema.js'
import type { Sender } from './address.js'
import type { Proved } from './authentication.js'
import type { DestinationRules } from './destination.js'
import type { ResolvedHeartbeat } from './options.js'
import type { CheckedBody } from './schema.js'
import type { Announcement, Verdict } from '../registry/announcement.js'
import type { Clock } from '../../types/clock.js'
import type { HeartbeatAnswer } from '../../types/heartbeat.js'
import type { NodeStatus } from '../../types/status.js'

/** What the heartbeat route needs of the registry. */
export interface HeartbeatRegistry {
  announce (announcement: Announcement): Verdict
  /** How many nodes have a lease. */
  readonly size: number
  /** How many of them send their heartbeats here. */
  readonly heard: number
  has (service: string, id: string): boolean
  nodes (service: string): ReadonlyArray<Pick<NodeStatus, 'id' | 'origin' | 'static'>>
}

/** What agents are told of the gateways. */
export interface HeartbeatGroup {
  /** The addresses of all gateways of the group. */
  readonly gateways: readonly string[]
  readonly fanout: 'one' | 'all'
}

/** What deciding on heartbeats needs. */
export interface ReceiverDependencies {
  readonly registry: HeartbeatRegistry
  readonly options: ResolvedHeartbeat
  readonly group: HeartbeatGroup
  readonly clock: Pick<Clock, 'now'>
  readonly destinations: DestinationRules
}

/** A heartbeat whose sender has proved who it is. */
export interface ReceivedHeartbeat extends Proved {
  readonly bytes: Uint8Array
  readonly sender: Sender
}

/** How long the registry remembers a goodbye: nobody says more of them meanwhile for nodes that are not known than a gateway has nodes. */
const goodbyesMs = 600_000

/** Decides on heartbeats and tells the registry of those that are accepted. Throws the error that the sender is to get. */
export function receiver ({ registry, options, group, clock, destinations }: ReceiverDependencies): (heartbeat: ReceivedHeartbeat) => Promise<HeartbeatAnswer> {
  const most = options.maxNodes + 1000
  const pace = new HeartbeatPace(most)
  const goodbyes = new HeartbeatPace(most, { burst: most, perInterval: most })

  return async ({ bytes, sender, key, services }) => {
    const body = heartbeatBodyOf(jsonOf(bytes))
    admitService(body.service, options.services, services)
    const destination = await destinationOf(body, sender, destinations)
    const id = body.id ?? defaultIdOf(destination.origin)
    const intervalMs = intervalOf(registry.heard, options.intervalMs)
    const ttlMs = intervalMs * options.missed
    admit(body, id, { who: senderOf(key, sender), intervalMs, ttlMs })
    const verdict = registry.announce(announcementOf({ body, id, destination, ttlMs }))
    if (verdict.kind === 'superseded') throw supersededBy(verdict.incarnation, id, isHeldAt(destination.origin, id, registry.nodes(body.service)))
    return { id: verdict.id, service: body.service, state: verdict.state, intervalMs, ttlMs, gateways: group.gateways, fanout: group.fanout, drain: verdict.drain }
  }

  /** A node that is known and drains or leaves is always heard: it would receive requests until its next message. */
  function admit ({ service, state }: CheckedBody, id: string, { who, intervalMs, ttlMs }: { who: string, intervalMs: number, ttlMs: number }): void {
    const isKnown = registry.has(service, id)
    if (isKnown && (state === 'draining' || state === 'left')) return
    if (state === 'left') return admitGoodbye(who)
    if (!isKnown) admitNode(ttlMs)
    const waitMs = pace.take(`${service} ${id}`, intervalMs, clock.now())
    if (waitMs > 0) throw limit(`'${id}' beats much more often than every ${intervalMs} ms`, waitMs)
  }

  function admitNode (ttlMs: number): void {
    if (registry.size >= options.maxNodes) throw limit(`this gateway knows ${options.maxNodes} nodes already, and takes no more`, ttlMs)
  }

  /** The goodbye of a node that is not known changes nothing for requests, but it is remembered, and shared with other gateways. */
  function admitGoodbye (who: string): void {
    const waitMs = goodbyes.take(who, goodbyesMs, clock.now())
    if (waitMs > 0) throw limit(`${who} has said goodbye for ${most} nodes within 10 minutes that this gateway does not know`, waitMs)
  }
}

/** Who is limited as one. A process of this machine may use any of its addresses. */
function senderOf (key: string | null, { isLoopback, address }: Sender): string {
  if (key !== null) return `the key '${key}'`
  return isLoopback ? 'this machine' : address ?? 'an unknown address'
}

function jsonOf (bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw new HeartbeatInvalidError('the body must be a JSON object')
  }
}

function admitService (service: string, ...lists: ReadonlyArray<readonly string[] | null>): void {
  if (lists.every(list => list === null || list.includes(service))) return
  throw new HeartbeatForbiddenError(`the service '${service}' is not allowed`)
}

function defaultIdOf (origin: string): string {
  const id = idOf(origin)
  if (idPattern.test(id)) return id
  throw new HeartbeatInvalidError("field 'id' must be given, for the origin cannot serve as one")
}

function limit (reason: string, waitMs: number): Error {
  return refusalWith(new HeartbeatLimitError(reason), { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
}

/** A static node takes in what comes for its origin, whatever the id. */
function isHeldAt (origin: string, id: string, nodes: ReturnType<HeartbeatRegistry['nodes']>): boolean {
  return nodes.some(node => node.origin === origin && (node.id === id || node.static))
}

/** `sameOrigin`: the gateway alone knows for certain, for many a sender gives its port only. */
function supersededBy (incarnation: number, id: string, sameOrigin: boolean): Error {
  return refusalWith(new HeartbeatSupersededError(id, incarnation), { extras: { incarnation, sameOrigin } })
}
