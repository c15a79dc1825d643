import { writable } from '../node/node.js'
import { orderOf, positionAfter } from './order.js'
import type { Announcement, Verdict } from './announcement.js'
import type { Entry, ServiceNodes } from './service-nodes.js'
import type { Tombstones } from './tombstones.js'

/** Takes in what a node says of itself, if it is newer than what is known of it. A static node takes in what comes for its origin, under its own id. */
export function announce (service: ServiceNodes, tombstones: Tombstones, announcement: Announcement, now: number): Verdict {
  const { info } = announcement
  const atOrigin = service.byOrigin(info.origin)
  const entry = atOrigin?.node.info.static === true ? atOrigin : service.byId(info.id)
  if (entry === undefined) return announceUnknown(service, tombstones, announcement, now)
  service.catchUp(entry, now)
  if (entry.node.info.static && entry !== atOrigin) return heldByConfiguration(entry, announcement)
  return announceKnown(service, tombstones, entry, announcement, now)
}

/** Nobody takes the id of a static node to another origin: it would have its traffic for ever. */
function heldByConfiguration (entry: Entry, { incarnation }: Announcement): Verdict {
  return { kind: 'superseded', incarnation: Math.max(entry.incarnation ?? 0, incarnation ?? 0) }
}

function announceUnknown (service: ServiceNodes, tombstones: Tombstones, announcement: Announcement, now: number): Verdict {
  const { info, state } = announcement
  const key = tombstoneKey(announcement)
  const { order, incarnation } = tombstones.orderOf(key, announcement, now)
  if (order === 'older' && incarnation !== null) return { kind: 'superseded', incarnation }
  if (order === 'seen') return left('seen', info.id)
  if (state === 'left') {
    tombstones.add(key, announcement, now)
    return left('accepted', info.id)
  }
  tombstones.remove(key)
  const entry = service.add(info, now + announcement.ttlMs, now)
  note(service, entry, announcement)
  service.welcome(entry, now, 'registered')
  return present('accepted', entry)
}

function announceKnown (service: ServiceNodes, tombstones: Tombstones, entry: Entry, announcement: Announcement, now: number): Verdict {
  const { info } = announcement
  const order = orderOf(announcement, entry)
  if (order === 'older' && entry.incarnation !== null) return { kind: 'superseded', incarnation: entry.incarnation }
  if (order === 'seen') return present('seen', entry)
  if (announcement.state === 'left' && !entry.node.info.static) {
    tombstones.add(tombstoneKey(announcement), positionAfter(announcement, entry), now)
    service.forget(entry, 'left')
    return left('accepted', info.id)
  }
  const isNewProcess = order === 'restarted' || info.origin !== entry.node.info.origin
  if (isNewProcess) service.restart(entry, info, now)
  else service.renew(entry, info, now)

  const wasDraining = entry.node.draining
  note(service, entry, announcement)
  if (!entry.node.info.static) service.lease(entry, leaseUntil(entry, announcement, now))
  service.transit(entry, now, reasonOf(entry, isNewProcess, wasDraining))
  return present('accepted', entry)
}

/** What comes through a store comes late, and so never shortens a lease. */
function leaseUntil ({ node }: Entry, { ttlMs, heardHere }: Announcement, now: number): number {
  return heardHere ? now + ttlMs : Math.max(node.leaseUntil, now + ttlMs)
}

function note (service: ServiceNodes, entry: Entry, announcement: Announcement): void {
  Object.assign(entry, positionAfter(announcement, entry), { ttlMs: announcement.ttlMs, isCarried: false })
  service.hear(entry, announcement.heardHere)
  const facts = writable(entry.node)
  facts.load = announcement.load
  facts.draining = announcement.state !== 'up'
}

function reasonOf ({ state, node }: Entry, isNewProcess: boolean, wasDraining: boolean): 'restarted' | 'drain-announced' | 'drain-revoked' | 'renewed' {
  if (node.draining && !wasDraining) return 'drain-announced'
  if (isNewProcess) return 'restarted'
  return wasDraining && state !== 'expired' ? 'drain-revoked' : 'renewed'
}

function present (kind: 'accepted' | 'seen', { node, state }: Entry): Verdict {
  return { kind, id: node.info.id, state, drain: node.drainRequested }
}

function left (kind: 'accepted' | 'seen', id: string): Verdict {
  return { kind, id, state: 'left', drain: false }
}

function tombstoneKey ({ info }: Announcement): string {
  return `${info.service} ${info.id}`
}
