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

  constructor (source: BodySource) {
    super({ highWaterMark: 65_536 })
    this.#source = source
  }

  override _read (): void {
    this.#source.resume()
  }

  override _destroy (error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.cancel()
    callback(error)
  }
}
