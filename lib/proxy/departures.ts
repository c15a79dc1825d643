import type { EventEmitter } from 'node:events'

/** Tells requests that their connection has closed. One listener per connection, however many requests are on it. */
export class Departures {
  readonly #waiting = new WeakMap<EventEmitter, Set<() => void>>()

  /** Calls `left` when the connection closes. Returns the function that ends it. */
  watch (connection: EventEmitter, left: () => void): () => void {
    let waiting = this.#waiting.get(connection)
    if (waiting === undefined) {
      const all = waiting = new Set()
      this.#waiting.set(connection, all)
      connection.once('close', () => { for (const each of all) each() })
    }
    waiting.add(left)
    return () => waiting.delete(left)
  }
}
