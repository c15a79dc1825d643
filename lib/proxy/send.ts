import { ResponseBody } from './response-body.js'
import { Stillness } from './stillness.js'
import { codeOf, failureOf, isRequestFault } from './wire-error.js'
import type { Readable } from 'node:stream'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../types/clock.js'
import type { Carried, Connection, Pool } from './pool.js'
import type { BodySource } from './response-body.js'
import type { Failure } from './failure.js'

/** What is told of one attempt on the wire. */
export interface SendListener {
  /** The response head is here. `false`: the response is not wanted, and its body is thrown away. */
  head (statusCode: number, headers: IncomingHttpHeaders): boolean
  /** There will be no response head. */
  failed (failure: Failure, error: Error): void
  /** The wanted response is complete. */
  ended (): void
  /** The wanted response broke off. Gives what its reader is told. */
  broken (error: Error): Error
  /** Whoever reads the wanted response has stopped reading. */
  cancelled (): void
}

/** What is sent to a node. */
export interface OutgoingRequest {
  /** That of the node. undici would make it out of the pool's URL for each request. */
  readonly origin: string
  readonly method: Dispatcher.HttpMethod
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: string | Buffer | Readable | null
  /** How long the body of the response may stand still, ms. 0: as long as it likes. Default 300,000. */
  readonly bodyTimeout: number | undefined
}

/** How much of an unwanted response is read so that its connection can be kept; more than that, and the connection is closed. */
const discardBytes = 65_536
/** And for how long, ms. */
const discardMs = 1000
/** How much of a wanted response is taken before its reader is known; the rest waits at the node. */
const mostAheadBytes = 131_072
/** Chunks of a complete body are put together up to this size; of a larger one they are handed on as they are. */
const joinedBytes = 65_536
/** How long a body may stand still by default, ms. undici's; but undici sets a timer for every response, and most are complete at once. */
const bodyTimeoutMs = 300_000

/** One attempt on the wire: an undici handler that knows how far the request got. */
export class Sending implements Carried, BodySource {
  readonly #listener: SendListener
  #connection: Connection | null = null
  #controller: Dispatcher.DispatchController | null = null
  #phase: 'waiting' | 'sent' | 'wanted' | 'discarded' | 'over' = 'waiting'
  #isReused = false
  #discarded = 0
  #isNotModified = false
  #chunks: Buffer[] = []
  #aheadBytes = 0
  #body: ResponseBody | null = null
  #hasEnded = false
  #bodyError: Error | null = null
  #bodyTimeoutMs = 0
  #clock: Pick<Clock, 'now' | 'after'> | null = null
  #stillness: Stillness | null = null

  constructor (listener: SendListener) {
    this.#listener = listener
  }

  /** Dispatches the request, unless it was abandoned. Whatever goes wrong is told to the listener, also what undici throws at once. */
  start (pool: Pool, { origin, method, path, headers, body, bodyTimeout = bodyTimeoutMs }: OutgoingRequest, clock: Pick<Clock, 'now' | 'after'>): void {
    if (this.#phase === 'over') return
    this.#bodyTimeoutMs = bodyTimeout
    this.#clock = clock
    try {
      pool.dispatch({ origin, method, path, headers, body, blocking: false, bodyTimeout: 0, headersTimeout: 0 }, this)
    } catch (error) {
      this.#fail('client', error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The head may have left this process. */
  get wasSent (): boolean {
    return this.#phase !== 'waiting'
  }

  get isOver (): boolean {
    return this.#phase === 'over'
  }

  /** The wanted response has come to its end. */
  get isComplete (): boolean {
    return this.#hasEnded
  }

  /** Nobody waits for this attempt any more: what runs is cut off, what waits is not sent, and the listener hears nothing more. */
  abandon (): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#stillness?.end()
    const error = new Error('abandoned')
    this.#controller?.abort(error)
    this.#body?.destroy(error)
  }

  carriedBy (connection: Connection): void {
    this.#connection = connection
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    if (this.#phase === 'over') {
      controller.abort(new Error('abandoned'))
      return
    }
    this.#controller = controller
    this.#phase = 'sent'
    this.#isReused = this.#connection !== null && this.#connection.serve() > 0
  }

  onResponseStart (controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    letGo(controller)
    if (statusCode < 200 || this.#phase !== 'sent') return
    if (statusCode > 599) {
      this.#fail('malformed', new Error(`there is no status ${statusCode}`))
      controller.abort(new Error('malformed'))
      return
    }
    this.#phase = 'wanted'
    this.#isNotModified = statusCode === 304
    if (this.#listener.head(statusCode, headers) || this.#phase !== 'wanted') return
    this.#phase = 'discarded'
    this.#watchBody(discardMs)
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'wanted') {
      this.#stillness?.moved()
      if (this.#body === null ? !this.#takeAhead(chunk) : !this.#body.push(chunk)) this.#pause(controller)
      return
    }
    this.#discarded += chunk.length
    if (this.#discarded > discardBytes) controller.abort(new Error('discarded'))
  }

  onResponseEnd (): void {
    this.#stillness?.end()
    if (this.#phase !== 'wanted') return
    this.#hasEnded = true
    this.#phase = 'over'
    this.#body?.push(null)
    this.#listener.ended()
  }

  onResponseError (_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#stillness?.end()
    switch (this.#phase) {
      case 'waiting': return this.#fail(isRequestFault(error) ? 'client' : 'connect', error)
      case 'sent': return this.#fail(failureOf(error, this.#isReused), error)
      // RFC 9110 §8.6: its content-length is that of the body which it does without; undici waits for one
      case 'wanted': return this.#isNotModified && codeOf(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ? this.onResponseEnd() : this.#break(error)
    }
  }

  /** The body of the wanted response: at once when it is complete already and not long, else as a stream. undefined: it is complete and empty. Call this or `stream()` once, and not before the head was told. */
  body (mayBeWhole: boolean): Buffer | Readable | undefined {
    if (this.#hasEnded && this.#chunks.length === 0) return undefined
    if (this.#hasEnded && mayBeWhole && this.#chunks.length === 1) return this.#chunks[0]
    if (this.#hasEnded && mayBeWhole && this.#aheadBytes <= joinedBytes) return Buffer.concat(this.#chunks)
    return this.stream()
  }

  /** The body of the wanted response as a stream. */
  stream (): Readable {
    const body = this.#body = new ResponseBody(this)
    for (const chunk of this.#chunks) body.push(chunk)
    this.#chunks = []
    if (this.#hasEnded) body.push(null)
    else if (this.#bodyError === null) this.#watchBody(this.#bodyTimeoutMs)
    else body.destroy(this.#bodyError)
    return body
  }

  resume (): void {
    this.#stillness?.resume()
    this.#controller?.resume()
  }

  cancel (): void {
    if (this.#phase !== 'wanted') return
    this.abandon()
    this.#listener.cancelled()
  }

  /** Keeps what comes before the body has a reader. Says whether more may come. */
  #takeAhead (chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#aheadBytes += chunk.length
    return this.#aheadBytes <= mostAheadBytes
  }

  #pause (controller: Dispatcher.DispatchController): void {
    this.#stillness?.pause()
    controller.pause()
  }

  #watchBody (limitMs: number): void {
    if (this.#clock === null || limitMs === 0) return
    this.#stillness = new Stillness(limitMs, this.#clock, () => {
      const error = new Error(`nothing of the body came for ${limitMs} ms`)
      if (this.#phase === 'wanted') this.#break(error)
      this.#controller?.abort(error)
    })
    if (this.#controller?.paused === true) this.#stillness.pause()
  }

  #fail (failure: Failure, error: Error): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#listener.failed(failure, error)
  }

  #break (error: Error): void {
    this.#phase = 'over'
    this.#bodyError = this.#listener.broken(error)
    this.#body?.destroy(this.#bodyError)
  }
}

/**
 * Empties what undici has read the headers from, when they are read: undici keeps that array with the connection from one response to the
 * next, so it is old, and what an old object points to lives until the next full collection: the chunk that the head came in, and with it
 * up to 64 KiB of body.
 */
function letGo ({ rawHeaders }: Dispatcher.DispatchController): void {
  if (Array.isArray(rawHeaders)) rawHeaders.length = 0
}
