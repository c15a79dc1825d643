import { LineReader } from './line-reader.js'
import { HubGone, maxAnswerBytes, replyOf } from './protocol.js'
import type { Socket } from 'node:net'
import type { Answer, Ask, Link, Operation, Reply } from './protocol.js'

/** Nothing more is asked of a hub that has so much to read. */
const maxUnreadBytes = 1024 * 1024

export interface ConnectionTools {
  /** It is connected already. */
  readonly socket: Socket
  readonly hint: () => void
  /** The connection has ended, and it was not closed here. */
  readonly lost: () => void
}

interface Waiting { readonly resolve: (answer: unknown) => void, readonly reject: (error: Error) => void }

/** Asks the hub in another process. */
export class HubConnection implements Link {
  readonly #socket: Socket
  readonly #hint: () => void
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #isClosed = false
  #isGone = false

  constructor ({ socket, hint, lost }: ConnectionTools) {
    this.#socket = socket.unref()
    this.#hint = hint
    const reader = new LineReader(maxAnswerBytes)
    socket.on('data', chunk => this.#receive(reader.read(chunk)))
    // Its close says all that there is to know.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#isGone = true
      for (const { reject } of this.#waiting.values()) reject(new HubGone())
      this.#waiting.clear()
      if (!this.#isClosed) lost()
    })
  }

  /** Waits for as long as the connection lasts. */
  call<O extends Operation> (operation: O, ask: Ask<O>): Promise<Answer<O>> {
    if (this.#isGone) return Promise.reject(new HubGone())
    if (this.#socket.writableLength > maxUnreadBytes) return Promise.reject(new Error('the hub does not read what it is asked'))
    const id = ++this.#lastId
    this.#socket.write(`${JSON.stringify({ id, operation, ask })}\n`)
    // The hub answers each operation in its form: the name of the socket says that it speaks the same protocol.
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject }))
  }

  close (): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #receive (lines: Iterable<string>): void {
    try {
      for (const line of lines) {
        const reply = replyOf(line)
        if (reply === undefined) throw new Error('no reply')
        this.#take(reply)
      }
    } catch {
      this.#socket.destroy()
    }
  }

  #take (reply: Reply): void {
    if ('hint' in reply) return queueMicrotask(this.#hint)
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(reply.error))
    else waiting?.resolve(reply.answer)
  }
}
