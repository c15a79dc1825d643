import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../types/clock.js'
import { within } from '../within.js'

/** What a response carries once it is counted: a set of all that run would be changed twice for each. */
const kCounted: unique symbol = Symbol('fastify-balance.counted')

interface Counted { [kCounted]?: true }

/** Counts the requests that this app is serving, from their arrival until their response has ended or their client has left. */
export class RunningRequests {
  readonly #clock: Clock
  #count = 0
  #whenIdle: Array<() => void> = []

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get count (): number {
    return this.#count
  }

  /** Counts all requests of the app. Twice looked, once counted: the server knows also the routes that were declared before this plugin came, the hook also the second socket of `localhost`. */
  watch (app: FastifyInstance): void {
    app.server.prependListener('request', (_request, response) => this.#begin(response))
    app.addHook('onRequest', (_request, reply, done) => {
      this.#begin(reply.raw)
      done()
    })
  }

  /** Resolves when none is running, at most after `limitMs`. */
  idle (limitMs: number): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return within(this.#clock, limitMs, new Promise<void>(resolve => this.#whenIdle.push(resolve)))
  }

  #begin (response: ServerResponse & Counted): void {
    if (response[kCounted] === true) return
    response[kCounted] = true
    this.#count += 1
    // Node emits it once for each response: after its end, and when the connection is lost before.
    response.on('close', this.#end)
  }

  readonly #end = (): void => {
    this.#count -= 1
    if (this.#count > 0) return
    for (const tell of this.#whenIdle.splice(0)) tell()
  }
}
