import { lengthened } from './lengthened.js'
import { writable } from '../node/node.js'
import type { Entry } from './service-nodes.js'

/** That a store was silent for so long, until now. */
export interface Silence {
  readonly silentMs: number
  /** It is over, and the other gateways need so long to write what they have heard meanwhile. 0: it goes on. */
  readonly furtherMs: number
  readonly now: number
}

/**
 * Carries a lease that comes from a store over a silence of the store: while it goes on nobody can be heard, so that time does not count. Its end is
 * allowed for once per renewal: a store that fails now and then would keep the dead for ever. And no lease grows beyond what its node has asked for.
 */
export function sustain (entry: Entry, { silentMs, furtherMs, now }: Silence): void {
  if (entry.heardHere || (furtherMs > 0 && entry.isCarried)) return
  const { leaseUntil } = entry.node
  const until = lengthened(leaseUntil, { creditMs: silentMs, awakeAt: now - silentMs, now })
  const longest = now + entry.ttlMs + furtherMs
  writable(entry.node).leaseUntil = Math.max(leaseUntil, Math.min(until > now ? until + furtherMs : until, longest))
  entry.isCarried ||= furtherMs > 0
}
