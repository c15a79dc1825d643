import type { Connection, ConnectionTools } from './connection.js'
import { backoffMs, open } from './connection.js'
import { limited } from '../../limited.js'

/** A hint that has not come after this time will not come, ms. */
const lateMs = 1000

/**
 * Listens on a channel while somebody wants to know, and again when the connection was lost. Every message is the number of its hint, so that a
 * connection that has gone deaf without a word is known by the hints that others have sent and that it has not heard.
 */
export class Hints {
  readonly #channel: string
  readonly #tools: ConnectionTools
  readonly #listeners = new Set<() => void>()
  #current: Promise<Connection> | null = null
  #isListening = false
  /** The number of the last hint. null: none has come on this connection, and which ones came before is not known. */
  #heard: number | null = null
  /** How many hints were sent, as was known then: they must have come by now. */
  #sent: { readonly source: string, readonly count: number, readonly at: number } | null = null
  #failures = 0
  #cancel: () => void = () => {}

  constructor (channel: string, tools: ConnectionTools) {
    this.#channel = channel
    this.#tools = tools
  }

  /** Calls `listener` at every hint, and when there may have been one. Returns the function that ends it. */
  listen (listener: () => void): () => void {
    const entry = (): void => listener()
    this.#listeners.add(entry)
    if (this.#listeners.size === 1) this.#subscribe()
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#stop()
    }
  }

  /** Learns how many hints were sent so far, of those that this source of them has counted. */
  sent (source: string, count: number): void {
    if (!this.#isListening) return
    const at = this.#tools.clock.now()
    const last = this.#sent
    const isOther = last !== null && last.source !== source
    const heard = isOther ? count : this.#heard ?? count
    if (last === null || isOther || heard >= last.count) {
      this.#heard = heard
      this.#sent = { source, count, at }
    } else if (at - last.at >= lateMs) {
      this.#lost(this.#current)
    }
  }

  async close (): Promise<void> {
    this.#listeners.clear()
    await this.#stop()
  }

  #subscribe (): void {
    const current = this.#listening(() => this.#lost(current))
    this.#current = current
    current.then(() => this.#begin(current), () => this.#lost(current))
  }

  async #listening (onLost: () => void): Promise<Connection> {
    const connection = await open(this.#tools, onLost)
    try {
      await limited(this.#tools.clock, 'Redis', () => connection.subscribe(this.#channel, message => this.#hear(message)))
      return connection
    } catch (error) {
      connection.end()
      throw error
    }
  }

  #begin (current: Promise<Connection>): void {
    if (this.#current !== current) return
    this.#isListening = true
    this.#tell()
  }

  #hear (message: string): void {
    this.#heard = Number(message)
    this.#failures = 0
    this.#tell()
  }

  #tell (): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #lost (lost: Promise<Connection> | null): void {
    if (this.#current !== lost) return
    this.#stop()
    this.#cancel = this.#tools.clock.after(backoffMs(this.#failures++, this.#tools.random), () => this.#subscribe())
  }

  async #stop (): Promise<void> {
    const current = this.#current
    this.#current = null
    this.#isListening = false
    this.#heard = null
    this.#sent = null
    this.#cancel()
    await current?.then(connection => connection.end(), () => {})
  }
}
