import { orderOf, positionAfter } from './order.js'
import type { Order, Position } from './order.js'

interface Tombstone { readonly position: Position, readonly until: number }

/** How long a goodbye is remembered, so that a late message cannot bring the node back. */
const rememberedMs = 600_000
const uncounted: Position = { incarnation: null, seq: null }

/** The ids that said goodbye. Bounded by time, and by number: the oldest are forgotten first. */
export class Tombstones {
  readonly #tombstones = new Map<string, Tombstone>()
  readonly #limit: number

  constructor (limit: number = 10_000) {
    this.#limit = limit
  }

  /** A node said goodbye; what an earlier goodbye of its id counted is not forgotten. */
  add (key: string, goodbye: Position, now: number): void {
    const position = positionAfter(goodbye, this.#positionOf(key, now) ?? uncounted)
    this.#tombstones.delete(key)
    this.#tombstones.set(key, { position, until: now + rememberedMs })
    const { value: oldest } = this.#tombstones.keys().next()
    if (this.#tombstones.size > this.#limit && oldest !== undefined) this.#tombstones.delete(oldest)
  }

  /** Where a message stands to the goodbye of its id; `newer` when there was none. */
  orderOf (key: string, message: Position, now: number): { order: Order, incarnation: number | null } {
    const position = this.#positionOf(key, now)
    if (position === undefined) return { order: 'newer', incarnation: null }
    // The same process, and nobody can tell whether it spoke before or after its goodbye
    const isUncounted = message.incarnation !== null && message.incarnation === position.incarnation && (message.seq === null || position.seq === null)
    return { order: isUncounted ? 'seen' : orderOf(message, position), incarnation: position.incarnation }
  }

  remove (key: string): void {
    this.#tombstones.delete(key)
  }

  sweep (now: number): void {
    for (const [key, { until }] of this.#tombstones) {
      if (now < until) return
      this.#tombstones.delete(key)
    }
  }

  /** Where the last goodbye of an id stands; undefined: there was none, or its time is over. */
  #positionOf (key: string, now: number): Position | undefined {
    const tombstone = this.#tombstones.get(key)
    return tombstone !== undefined && now < tombstone.until ? tombstone.position : undefined
  }
}
