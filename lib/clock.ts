import { performance } from 'node:perf_hooks'
import type { Clock, Random } from '../types/clock.js'

/** The one place where real time is given out. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after (delayMs, task) {
    const timer = setTimeout(task, delayMs).unref()
    return () => clearTimeout(timer)
  },
  every (periodMs, task) {
    const timer = setInterval(task, periodMs).unref()
    return () => clearInterval(timer)
  },
  atTurnEnd: task => { setImmediate(task) }
}

/** Keeps the process alive until a piece of work is done: the timers above do not. */
export function stayingAlive<T> (work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000)
  return work.finally(() => clearInterval(timer))
}

/** The one place where real chance is given out. */
export const systemRandom: Random = () => Math.random()

/** An instant of `wall()` as people read it: ISO 8601, UTC. */
export function isoTime (wallMs: number): string {
  return new Date(wallMs).toISOString()
}
