import type { CheckedBody } from './schema.js'
import type { Destination } from './destination.js'
import type { Announcement } from '../registry/announcement.js'
import type { LoadReport } from '../../types/node.js'

/** What is known of a heartbeat when it has passed every check. */
export interface AcceptedHeartbeat {
  readonly body: CheckedBody
  readonly id: string
  readonly destination: Destination
  readonly ttlMs: number
}

const unknownLoad: LoadReport = Object.freeze({
  eventLoopUtilization: null, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: null, inFlight: null, underPressure: null
})

/** A heartbeat in the words of the registry: complete, frozen, with nothing of the wire left in it. */
export function announcementOf ({ body, id, destination, ttlMs }: AcceptedHeartbeat): Announcement {
  const { service, state = 'up', weight = 1, tags = Object.freeze({}), incarnation = null, seq = null, load } = body
  const info = Object.freeze({
    service,
    id,
    ...destination,
    weight,
    zone: textOf(body.zone),
    version: textOf(body.version),
    tags,
    static: false
  })
  return Object.freeze({ info, state, incarnation, seq, load: load === undefined ? null : Object.freeze({ ...unknownLoad, ...load }), ttlMs, heardHere: true })
}

/** An empty text, as an unset environment variable gives, is none. */
function textOf (value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value
}
