import type { NodeInfo } from '../../../types/node.js'
import type { DrainOrder, GatewayPresence, Lease, StoredLease } from '../../../types/store.js'

/** Where reading goes on: the data of one server since it was last empty, and the version that was reached. */
export interface Position {
  readonly source: string
  readonly version: string
}

/** What one run of the script `changes` gives. */
export interface Page {
  readonly position: Position
  /** The position that was asked for is not one of this data: the page is the first of all. */
  readonly isOther: boolean
  readonly leases: readonly StoredLease[]
  readonly drains: readonly DrainOrder[]
  readonly gateways: readonly GatewayPresence[]
  /** Hints that were sent so far. */
  readonly hints: number
  readonly isFull: boolean
}

/** Leases that one run of the script may give: other clients of Redis wait meanwhile. */
export const pageSize = 500

/** The name of a node among all: neither a service nor an id has a slash. */
export function memberOf ({ service, id }: { readonly service: string, readonly id: string }): string {
  return `${service}/${id}`
}

/** What the script `put` takes of a lease: what it compares, and the rest. */
export function wordsOf ({ info, incarnation, seq, state, ...rest }: Lease): string[] {
  return [`${incarnation ?? ''}`, `${seq ?? ''}`, state, JSON.stringify(info), JSON.stringify(rest)]
}

export function cursorOf ({ source, version }: Position): string {
  return `${source}:${version}`
}

/** Anything that is not a cursor is the beginning. */
export function positionOf (cursor: string | undefined): Position {
  const [, source = '', version = '0'] = /^([\d.]{1,32}-[\da-f]{0,64}):(\d{1,15})$/.exec(cursor ?? '') ?? []
  return { source, version }
}

type Reply = readonly [source: string, version: string, isOther: string, now: string, hints: string, records: readonly string[], drains: readonly string[], gateways: readonly string[]]

/** Understands what the script gives. */
export function pageOf (reply: unknown): Page {
  const [source, version, isOther, now, hints, records, drains, gateways] = reply as Reply
  return {
    position: { source, version },
    isOther: isOther === '1',
    leases: records.filter(record => record !== '').map(record => leaseOf(record, Number(now))),
    drains: drains.flatMap((value, index) => index % 2 === 0 ? [] : orderOf(drains[index - 1] ?? '', value)),
    gateways: gateways.flatMap(value => presenceOf(value, Number(now))),
    hints: Number(hints),
    isFull: records.length === pageSize
  }
}

function leaseOf (record: string, now: number): StoredLease {
  const [incarnation = '', seq = '', state, putAt, info = '', rest = ''] = record.split('\n')
  return {
    info: JSON.parse(info) as NodeInfo,
    incarnation: incarnation === '' ? null : Number(incarnation),
    seq: seq === '' ? null : Number(seq),
    state: state as Lease['state'],
    ...JSON.parse(rest) as Pick<Lease, 'ttlMs' | 'load' | 'stamp' | 'machine'>,
    ageMs: Math.max(0, now - Number(putAt))
  }
}

function orderOf (member: string, value: string): DrainOrder {
  const [service = '', id = ''] = member.split('/')
  const [revision, , draining] = value.split('\n')
  return { service, id, draining: draining === '1', revision: Number(revision) }
}

function presenceOf (value: string, now: number): GatewayPresence[] {
  const [until, presence = ''] = value.split('\n')
  return Number(until) > now ? [JSON.parse(presence) as GatewayPresence] : []
}
