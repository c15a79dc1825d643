import type { ChaosShot } from './chaos-load.js'
import type { FaultKind } from './chaos-schedule.js'
import type { Trouble } from './chaos-group.js'

/** What is known of a run. */
export interface Evidence {
  readonly troubles: readonly Trouble[]
  /** The workers that have executed a request, by its id. */
  readonly executed: ReadonlyMap<string, readonly number[]>
  numberOf (pid: number): number
}

/** What a worker did under a fault may come through a little after its end, ms. */
const graceMs = 500
/** After a pause the gateway has so much to catch up with that heartbeats wait as well, ms. */
const catchUpMs = 3000
/** Faults that cost a request which is not idempotent and has reached the worker its answer. */
const fatal: ReadonlySet<FaultKind> = new Set(['kill', 'reset-body', 'reset-request', 'garbage', 'half-open'])

/** Whether so much was wrong with a worker that a request may have failed as it did. The strictest reading: what the gateway can save it must have saved. */
export function isExcused (shot: ChaosShot, { troubles, executed, numberOf }: Evidence): boolean {
  const seen = prolonged(troubles).filter(({ since, until }) => since <= shot.endedAt && until >= shot.startedAt)
  const had = (kind: FaultKind, workers: readonly number[]): boolean => seen.some(trouble => trouble.kind === kind && trouble.worker !== null && workers.includes(trouble.worker))
  const by = executed.get(shot.id) ?? []
  // a worker's own 500 is an answer, and what has been relayed cannot be taken back
  if (shot.status === 500 && shot.pid !== null) return had('error-500', [numberOf(shot.pid)])
  if (shot.status === 200 && shot.problem === 'broken off') return had('reset-body', by)
  if (shot.method !== 'POST') return false
  if (shot.status === 503 && shot.pid !== null) return had('error-503', [numberOf(shot.pid)])
  if (shot.status !== 502) return false
  if (by.length > 0) return [...fatal].some(kind => had(kind, by))
  // it was under way to a process that ended; of one that drains the gateway must have heard, unless it could not
  return seen.some(({ kind, duringPause }) => kind === 'kill' || (kind === 'drain' && duringPause))
}

/** A gateway that stood still learns of everything later: what was wrong meanwhile was so until it could look. */
function prolonged (troubles: readonly Trouble[]): Array<Trouble & { readonly duringPause: boolean }> {
  const pauses = troubles.filter(({ worker }) => worker === null)
  return troubles.map(trouble => {
    const meanwhile = pauses.filter(({ since, until }) => since <= trouble.until + graceMs && until >= trouble.since)
    const duringPause = pauses.some(({ since, until }) => since <= trouble.until && until + catchUpMs >= trouble.since)
    return { ...trouble, duringPause, until: Math.max(trouble.until, ...meanwhile.map(({ until }) => until)) + graceMs }
  })
}
