import { Roster } from './roster.js'
import type { EventEmitter } from 'node:events'

/** Tells requests that their connection has closed. One listener per connection, however many requests are on it. */
export class Departures {
  readonly #waiting = new WeakMap<EventEmitter, Roster<() => void>>()

  /** Calls `left` when the connection closes. Returns the function that ends it. */
  watch (connection: EventEmitter, left: () => void): () => void {
    const waiting = this.#waiting.get(connection) ?? this.#listen(connection)
    const place = waiting.join(left)
    return () => waiting.leave(place)
  }

  #listen (connection: EventEmitter): Roster<() => void> {
    const waiting = new Roster<() => void>()
    this.#waiting.set(connection, waiting)
    connection.once('close', () => { for (const left of [...waiting]) left() })
    return waiting
  }
}
