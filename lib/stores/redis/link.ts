import type { Connection, ConnectionTools, Script, ScriptInput } from './connection.js'
import { backoffMs, open } from './connection.js'
import { limited } from '../../limited.js'

/** An error that Redis itself answered with, as opposed to one of the client. */
const answer = /^[A-Z]+ /
/** Answers of a Redis that is the wrong one, or not ready to be the right one. Redis 6.2 wraps those of commands in scripts. */
const misplaced = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOAUTH)\b/

/** A connection that answers after this time is not one of many that are made and lost again, ms. */
const provenMs = 1000

/**
 * Runs scripts on one connection, which is made by the first call that needs it. When it is lost, or does not answer in time, it is dropped
 * with all that it waits for, and a later call makes another one. While Redis is away, calls reject at once between the attempts.
 */
export class Link {
  readonly #tools: ConnectionTools
  #current: Promise<Connection> | null = null
  #error: unknown
  /** Attempts since a connection has last been of use for a while. */
  #attempts = 0
  #attemptedAt = -Infinity
  #notBefore = -Infinity
  #isClosed = false

  constructor (tools: ConnectionTools) {
    this.#tools = tools
  }

  /** Gives what the script gives. Rejects within the limit. */
  run (script: Script, input: ScriptInput): Promise<unknown> {
    return limited(this.#tools.clock, 'Redis', () => this.#ask(script, input))
  }

  async close (): Promise<void> {
    this.#isClosed = true
    const current = this.#current
    this.#current = null
    await current?.then(connection => connection.end(), () => {})
  }

  async #ask (script: Script, input: ScriptInput): Promise<unknown> {
    const current = this.#connection()
    const connection = await current
    try {
      const result = await limited(this.#tools.clock, 'Redis', () => connection.run(script, input))
      if (this.#tools.clock.now() - this.#attemptedAt > provenMs) this.#attempts = 0
      return result
    } catch (error) {
      if (!isFromHealthy(error)) this.#drop(current, error)
      throw error
    }
  }

  #connection (): Promise<Connection> {
    if (this.#current !== null) return this.#current
    const { clock, random } = this.#tools
    if (this.#isClosed) return Promise.reject(new Error('The store is closed'))
    if (clock.now() < this.#notBefore) return Promise.reject(new Error('Redis cannot be used', { cause: this.#error }))
    this.#attemptedAt = clock.now()
    this.#notBefore = this.#attemptedAt + backoffMs(this.#attempts++, random)
    const current = open(this.#tools, error => this.#drop(current, error))
    this.#current = current
    current.catch(error => this.#drop(current, error))
    return current
  }

  #drop (dropped: Promise<Connection>, error: unknown): void {
    if (this.#current !== dropped) return
    this.#current = null
    this.#error = error
    dropped.then(connection => connection.end(), () => {})
  }
}

function isFromHealthy (error: unknown): boolean {
  return error instanceof Error && answer.test(error.message) && !misplaced.test(error.message)
}
