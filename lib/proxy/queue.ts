import type { Clock } from '../../types/clock.js'

/** A request that waits for a node. */
export interface Waiting {
  /** Leaves the queue and goes on, if there is a node for it now. */
  proceed (): void
  /** Its time in the queue is over, after so long. */
  expired (waitedMs: number): void
}

/** The requests to a service that wait for a node, first come first served. Bounded in number and in time. */
export class Queue {
  readonly #size: number
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting = new Set<Waiting>()

  constructor (size: number, clock: Pick<Clock, 'after'>) {
    this.#size = size
    this.#clock = clock
  }

  get length (): number {
    return this.#waiting.size
  }

  /** Waits for so long at most. Gives the function that leaves the queue; null: the queue is full. */
  join (waiting: Waiting, timeoutMs: number): (() => void) | null {
    if (this.#waiting.size >= this.#size) return null
    this.#waiting.add(waiting)
    const cancel = this.#clock.after(timeoutMs, () => {
      this.#waiting.delete(waiting)
      waiting.expired(timeoutMs)
    })
    return () => {
      cancel()
      this.#waiting.delete(waiting)
    }
  }

  /** Something has become free: lets those go on who can, in turn. `hasRoom`: whether there still is anything to go to. */
  advance (hasRoom: () => boolean): void {
    for (const waiting of this.#waiting) {
      if (!hasRoom()) return
      waiting.proceed()
    }
  }
}
