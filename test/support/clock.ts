import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../types/clock.js'

interface Timer { dueAt: number, readonly periodMs: number | null, readonly task: () => void }

/** Time that moves only by hand. It starts away from 0, so that a forgotten instant shows. */
export class ManualClock implements Clock {
  readonly #startedWall: number
  readonly #startedAt: number
  readonly #timers = new Set<Timer>()
  #now: number

  /** `wall` is what `wall()` says at the start, Unix milliseconds. */
  constructor ({ now = 1000, wall = 1_795_355_366_000 }: { now?: number, wall?: number } = {}) {
    this.#now = this.#startedAt = now
    this.#startedWall = wall
  }

  /** How many timers wait: 0 when everything that was begun has been ended. */
  get timers (): number {
    return this.#timers.size
  }

  /** How long until the next timer; null: there is none. */
  get dueInMs (): number | null {
    const next = this.#next(Infinity)
    return next === undefined ? null : next.dueAt - this.#now
  }

  now (): number {
    return this.#now
  }

  wall (): number {
    return this.#startedWall + this.#now - this.#startedAt
  }

  after (delayMs: number, task: () => void): () => void {
    return this.#add({ dueAt: this.#now + delayMs, periodMs: null, task })
  }

  every (periodMs: number, task: () => void): () => void {
    return this.#add({ dueAt: this.#now + periodMs, periodMs, task })
  }

  /** Turns are those of the real event loop. */
  atTurnEnd (task: () => void): void {
    setImmediate(task)
  }

  /** Lets time pass; every timer runs at its instant, also those that are made meanwhile. */
  advance (byMs: number): void {
    const until = this.#now + byMs
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.dueAt)
      this.#run(next)
    }
    this.#now = until
  }

  /** As `advance`, and lets promises settle after every timer. */
  async pass (byMs: number): Promise<void> {
    const until = this.#now + byMs
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.dueAt)
      this.#run(next)
      await turn()
    }
    this.#now = until
    await turn()
  }

  /** The process stands still: time passes and no timer runs. Those that came due run, once each and late, with the next `advance`. */
  stall (byMs: number): void {
    this.#now += byMs
  }

  #add (timer: Timer): () => void {
    this.#timers.add(timer)
    return () => { this.#timers.delete(timer) }
  }

  #next (until: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer
    }
    return next
  }

  /** As Node does it: a period counts from when the task has run. */
  #run (timer: Timer): void {
    if (timer.periodMs === null) this.#timers.delete(timer)
    else timer.dueAt = this.#now + Math.max(1, timer.periodMs)
    timer.task()
  }
}
