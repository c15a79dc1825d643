import type { Clock } from '../../../types/clock.js'

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  #now = 0
  #wall: number
  #tasks: Array<{ at: number, task: () => void }> = []

  constructor (wall: number = 1_795_355_366_000) {
    this.#wall = wall
  }

  now (): number {
    return this.#now
  }

  wall (): number {
    return this.#wall + this.#now
  }

  after (delayMs: number, task: () => void): () => void {
    const entry = { at: this.#now + delayMs, task }
    this.#tasks.push(entry)
    return () => { this.#tasks = this.#tasks.filter(each => each !== entry) }
  }

  every (periodMs: number, task: () => void): () => void {
    let cancel = (): void => {}
    const next = (): void => { cancel = this.after(periodMs, () => { next(); task() }) }
    next()
    return () => cancel()
  }

  /** Turns are those of the real event loop. */
  atTurnEnd (task: () => void): void {
    setImmediate(task)
  }

  /** How long until the next task; null: there is none. */
  get dueInMs (): number | null {
    return this.#tasks.length === 0 ? null : Math.min(...this.#tasks.map(({ at }) => at)) - this.#now
  }

  /** Runs what falls due, in order, and lets promises settle. */
  async advance (ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const [due] = this.#tasks.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
      if (due === undefined) break
      this.#now = due.at
      this.#tasks = this.#tasks.filter(each => each !== due)
      due.task()
      await turn()
    }
    this.#now = end
    await turn()
  }
}

/** Lets everything run that only waits for promises. */
export function turn (): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
