import { Roster } from './roster.js'
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
  readonly #waiting = new Roster<Waiting>()

  constructor (size: number, clock: Pick<Clock, 'after'>) {
    this.#size = size
    this.#clock = clock
  }

  get length (): number {
    return this.#waiting.length
  }

  /** Waits for so long at most. Gives the function that leaves the queue; null: the queue is full. */
  join (waiting: Waiting, timeoutMs: number): (() => void) | null {
    if (this.#waiting.length >= this.#size) return null
    const place = this.#waiting.join(waiting)
    const cancel = this.#clock.after(timeoutMs, () => {
      this.#waiting.leave(place)
      waiting.expired(timeoutMs)
    })
    return () => {
      cancel()
      this.#waiting.leave(place)
    }
  }

  /** Something has become free: lets those go on who can, in turn. `hasRoom`: whether there still is anything to go to. */
  advance (hasRoom: () => boolean): void {
    this.#waiting.each(waiting => {
      if (!hasRoom()) return false
      waiting.proceed()
      return true
    })
  }
}
