import { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'

/** The side of an attempt that a response body steers. */
export interface BodySource {
  resume (): void
  /** The rest is not wanted. */
  cancel (): void
}

/** A response body on its way to the client: pulls from the node as fast as the client reads. */
export class ResponseBody extends Readable {
  readonly #source: BodySource
  /** A connection runs in the async context of the request that opened it; what follows from the body must run in that of the request it is for. */
  readonly #scope = new AsyncResource('FASTIFY_BALANCE_BODY')

  constructor (source: BodySource) {
    super({ highWaterMark: 65_536 })
    this.#source = source
    // whoever reads it listens while he reads; one that nobody reads any more may fail unheard
    this.on('error', () => {})
  }

  override push (chunk: Buffer | null): boolean {
    return this.#scope.runInAsyncScope(super.push, this, chunk)
  }

  override destroy (error?: Error): this {
    this.#scope.runInAsyncScope(super.destroy, this, error)
    return this
  }

  override _read (): void {
    this.#source.resume()
  }

  override _destroy (error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.cancel()
    callback(error)
  }
}
