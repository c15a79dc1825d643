import { Readable } from 'node:stream'

/** Memory that all recorded bodies of this process share. */
export interface ReplayMemory {
  usedBytes: number
  readonly limitBytes: number
}

/**
 * A client's streamed body that can be opened again: while it is sent it is also recorded, up to a limit. Every attempt gets a stream of
 * its own, so an attempt that fails can be destroyed without destroying the client's stream, and nothing is read before somebody wants it.
 */
export class ReplayBody {
  readonly #source: Readable
  readonly #limitBytes: number
  readonly #memory: ReplayMemory
  #record: Buffer[] = []
  #recordedBytes = 0
  #isLost = false
  #isReleased = false
  #isAttached = false
  #hasEnded = false
  #wasStarved = false
  #error: Error | null = null
  #reader: Readable | null = null
  #ended: () => void = ignore

  constructor (source: Readable, limitBytes: number, memory: ReplayMemory) {
    this.#source = source
    this.#limitBytes = limitBytes
    this.#memory = memory
    // it may fail before anybody reads it, and would end the process if nobody listened
    source.on('error', error => this.#fail(error))
  }

  /** False once a byte that was read cannot be sent again. */
  get isReplayable (): boolean {
    return !this.#isLost && this.#error === null
  }

  /** The client has sent all of it. */
  get hasEnded (): boolean {
    return this.#hasEnded
  }

  /** When its last reader was closed, that one waited for more of it from the client. */
  get wasStarved (): boolean {
    return this.#wasStarved
  }

  /** Calls `ended` when the client has sent all of it. One at a time. */
  whenEnded (ended: () => void): void {
    this.#ended = ended
  }

  /** The error of the client's stream, for instance because the client left. */
  get error (): Error | null {
    return this.#error
  }

  /** The whole body, from its first byte. Only one is open: the one before is destroyed. Throws when bytes are lost. */
  open (): Readable {
    if (this.#isLost) throw new Error('bytes of the body are lost')
    this.#reader?.destroy()
    const reader = new Readable({
      read: () => this.#read(),
      destroy: (error, callback) => {
        if (this.#reader === reader) this.#close()
        callback(error)
      }
    })
    // Whoever reads it listens while he reads; a stream that nobody reads any more may fail unheard.
    reader.on('error', ignore)
    this.#reader = reader
    for (const chunk of this.#record) reader.push(chunk)
    if (this.#hasEnded) reader.push(null)
    return reader
  }

  /** The body will not be opened again: gives back the memory. A reader that is open goes on; what nobody reads is thrown away, so that the client's connection stays usable. */
  release (): void {
    this.#isReleased = true
    this.#lose()
    if (this.#reader === null && this.#isAttached) this.#source.resume()
  }

  /** Nothing more of the body is sent. */
  end (): void {
    this.release()
    this.#reader?.destroy()
  }

  #read (): void {
    if (this.#error !== null) this.#reader?.destroy(this.#error)
    if (this.#hasEnded || this.#error !== null) return
    if (!this.#isAttached) this.#attach()
    this.#source.resume()
  }

  #attach (): void {
    this.#isAttached = true
    if (this.#source.readableEnded || this.#source.destroyed) return this.#fail(new Error('the body was read to its end, or given up, before it could be sent'))
    this.#source.on('data', chunk => this.#take(chunk))
    this.#source.once('end', () => {
      this.#hasEnded = true
      this.#reader?.push(null)
      this.#ended()
    })
    this.#source.once('close', () => {
      if (!this.#hasEnded) this.#fail(new Error('the client closed the connection before its body was complete'))
    })
  }

  #take (chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    this.#keep(bytes)
    const wantsMore = this.#reader === null ? this.#isReleased : this.#reader.push(bytes)
    if (!wantsMore) this.#source.pause()
  }

  #keep (bytes: Buffer): void {
    if (this.#isLost) return
    const isTooMuch = this.#recordedBytes + bytes.length > this.#limitBytes || this.#memory.usedBytes + bytes.length > this.#memory.limitBytes
    if (isTooMuch) return this.#lose()
    this.#record.push(bytes)
    this.#recordedBytes += bytes.length
    this.#memory.usedBytes += bytes.length
  }

  #lose (): void {
    this.#isLost = true
    this.#memory.usedBytes -= this.#recordedBytes
    this.#record = []
    this.#recordedBytes = 0
  }

  #fail (error: Error): void {
    if (this.#error !== null) return
    this.#error = error
    this.#reader?.destroy(error)
  }

  #close (): void {
    this.#reader = null
    this.#wasStarved = this.#isAttached && !this.#hasEnded && !this.#source.isPaused()
    if (this.#isReleased) this.#source.resume()
    else this.#source.pause()
  }
}

function ignore (): void {}
