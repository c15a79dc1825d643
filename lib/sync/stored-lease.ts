import { integerIn, numberIn, oneOf, orNull, text } from '../check.js'
import { OptionError } from '../errors.js'
import { nodeInfoOf } from '../node/info.js'
import type { LoadReport, NodeInfo } from '../../types/node.js'
import type { StoredLease } from '../../types/store.js'

/** No lease is taken for longer than stores remember one, ms. */
const longestMs = 600_000

const count = orNull(integerIn(0))
const duration = numberIn(0, Number.MAX_SAFE_INTEGER)
const span = numberIn(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
const label = orNull(text())
const stateRule = oneOf('up', 'draining', 'left')

/**
 * Checks a lease that a store shows: a gateway of another version may have written it, or nobody of this group. Unknown fields are left out,
 * for a newer version may know more. Throws `FST_BALANCE_OPTION`.
 */
export function storedLeaseOf (value: unknown): StoredLease {
  const { info, incarnation, seq, state, ttlMs, ageMs, load, stamp, machine } = fieldsOf(value, 'lease')
  return Object.freeze({
    info: infoOf(fieldsOf(info, 'lease.info')),
    incarnation: count(incarnation ?? null, 'lease.incarnation'),
    seq: count(seq ?? null, 'lease.seq'),
    state: stateRule(state, 'lease.state'),
    ttlMs: Math.min(longestMs, duration(ttlMs, 'lease.ttlMs')),
    ageMs: Math.max(0, span(ageMs, 'lease.ageMs')),
    load: load === null || load === undefined ? null : loadOf(fieldsOf(load, 'lease.load')),
    stamp: text()(stamp, 'lease.stamp'),
    machine: label(machine ?? null, 'lease.machine')
  })
}

function infoOf ({ service, id, origin, address, weight, zone, version, tags }: Readonly<Record<string, unknown>>): NodeInfo {
  const known = { service, id, origin, address, weight, zone, version, tags, static: false } as NodeInfo
  return nodeInfoOf(known, 'lease.info')
}

/** What a node says of its load is for people: what is no number there is unknown. */
function loadOf (load: Readonly<Record<string, unknown>>): LoadReport {
  const amount = (name: keyof LoadReport): number | null => Number.isFinite(load[name]) ? Number(load[name]) : null
  return Object.freeze({
    eventLoopUtilization: amount('eventLoopUtilization'),
    eventLoopDelayMs: amount('eventLoopDelayMs'),
    heapUsedBytes: amount('heapUsedBytes'),
    rssBytes: amount('rssBytes'),
    inFlight: amount('inFlight'),
    underPressure: typeof load['underPressure'] === 'boolean' ? load['underPressure'] : null
  })
}

function fieldsOf (value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new OptionError(`option '${name}' must be an object`)
}
