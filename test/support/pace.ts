import { performance } from 'node:perf_hooks'

export interface Pace<S> {
  /** What has become of those that have ended. */
  readonly shots: readonly S[]
  /** Begins nothing more. Resolves when everything has ended. */
  stop (): Promise<readonly S[]>
}

export interface PaceLimits {
  readonly perSecond: number
  /** Further ones are left out while so many run. Default: any number may. */
  readonly mostRunning?: number
}

const tickMs = 10

/** Shoots at a steady pace, whether or not the earlier shots have ended. `shoot` gets the number of the shot, from 0 on. */
export function startPace<S> ({ perSecond, mostRunning = Infinity }: PaceLimits, shoot: (number: number) => Promise<S>): Pace<S> {
  const shots: S[] = []
  const running = new Set<Promise<void>>()
  const startedAt = performance.now()
  let count = 0
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) * perSecond / 1000)
    for (; count < due; count++) {
      if (running.size >= mostRunning) continue
      const shot = shoot(count).then(done => {
        shots.push(done)
        running.delete(shot)
      })
      running.add(shot)
    }
  }, tickMs)
  return {
    shots,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(running)
      return shots
    }
  }
}
