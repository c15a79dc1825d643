import type { Random } from '../../types/clock.js'

/** What may happen to a worker. All but `kill`, `stop` and `drain` it does itself, to the requests that it receives. */
export const faultKinds = ['kill', 'stop', 'drain', 'slow', 'error-500', 'error-503', 'reset-body', 'reset-request', 'garbage', 'half-open'] as const

export type FaultKind = typeof faultKinds[number]

/** Something that happens to a worker, `afterMs` after what happened before it in its lane, for `forMs`. */
export interface Fault {
  readonly worker: number
  readonly kind: FaultKind
  readonly afterMs: number
  readonly forMs: number
  /** How many of the requests it concerns; of no meaning for `kill`, `stop` and `drain`. */
  readonly share: number
}

/** The gateway stands still. `afterMs`: after the pause before. */
export type Pause = Pick<Fault, 'afterMs' | 'forMs'>

export interface Schedule {
  /** In a lane one fault comes after the other, each at one of the lane's own workers: as many are faulty at once as there are lanes. */
  readonly lanes: ReadonlyArray<readonly Fault[]>
  readonly pauses: readonly Pause[]
}

const lengthMs = 8000
/** How long a process may take to be there again. */
const startMs = 800

/** Draws what happens to five workers and their gateway. */
export function drawSchedule (chance: Random): Schedule {
  const between = (least: number, most: number): number => Math.round(least + chance() * (most - least))
  const [a = 0, b = 0, ...others] = shuffled([0, 1, 2, 3, 4], chance)
  const kinds = [...shuffled(faultKinds, chance), ...shuffled(faultKinds, chance)]
  const drawLane = (workers: readonly number[]): Fault[] => {
    const lane: Fault[] = []
    for (let at = 0; at < lengthMs;) {
      const kind = kinds.pop() ?? 'kill'
      const worker = workers[between(0, workers.length - 1)] ?? a
      const fault = { worker, kind, afterMs: between(100, 800), forMs: kind === 'stop' ? between(500, 4500) : between(300, 2500), share: chance() < 0.3 ? 0.5 : 1 }
      lane.push(fault)
      at += fault.afterMs + fault.forMs + (kind === 'kill' || kind === 'drain' ? startMs : 0)
    }
    return lane
  }
  return {
    lanes: [drawLane([a, b]), drawLane(others)],
    pauses: [{ afterMs: between(1500, 4000), forMs: between(1000, 3000) }]
  }
}

/** The schedule as a person reads it. */
export function describeSchedule ({ lanes, pauses }: Schedule): string {
  const faults = lanes.map((lane, index) => `lane ${index}: ${lane.map(({ worker, kind, share, afterMs, forMs }) => `+${afterMs} worker ${worker} ${kind}${share < 1 ? ` (${share})` : ''} ${forMs}`).join(', ')}`)
  return [...faults, `gateway: ${pauses.map(({ afterMs, forMs }) => `+${afterMs} stop ${forMs}`).join(', ')}`].join('\n')
}

function shuffled<T> (list: readonly T[], chance: Random): T[] {
  return list.map(each => ({ each, place: chance() })).sort((one, other) => one.place - other.place).map(({ each }) => each)
}
