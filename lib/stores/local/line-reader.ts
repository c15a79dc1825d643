const lineFeed = 0x0A

/** Cuts a stream of bytes into lines. */
export class LineReader {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  /** A line of more bytes is an error. */
  constructor (maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that end in this chunk, without their line feed. Throws when one is too long; nothing can be read after that. */
  * read (chunk: Buffer): Generator<string> {
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      this.#keep(chunk.subarray(from, end))
      from = end + 1
      const line = Buffer.concat(this.#parts, this.#bytes).toString()
      this.#parts = []
      this.#bytes = 0
      yield line
    }
    this.#keep(chunk.subarray(from))
  }

  #keep (part: Buffer): void {
    this.#bytes += part.length
    if (this.#bytes > this.#maxBytes) throw new Error(`a line of more than ${this.#maxBytes} bytes`)
    if (part.length > 0) this.#parts.push(part)
  }
}
