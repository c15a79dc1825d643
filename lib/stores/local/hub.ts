import { LineReader } from './line-reader.js'
import { HubGone, maxRequestBytes, perform, requestOf } from './protocol.js'
import type { Server, Socket } from 'node:net'
import type { Answer, Ask, Link, Operation, Reply, Request } from './protocol.js'
import type { SharedMemory } from './memory.js'
import type { Clock } from '../../../types/clock.js'

/** A client that has so much to read is given up. */
const maxUnreadBytes = 8 * 1024 * 1024
/** Changes within it are told by one hint. */
const hintMs = 1

export interface HubTools {
  /** It listens already. */
  readonly server: Server
  readonly memory: SharedMemory
  readonly clock: Pick<Clock, 'after'>
  /** Another process changed something. */
  readonly hint: () => void
}

interface Peer { readonly hint: () => void, hasNews: boolean }

/** Answers the processes of this machine, and its own. */
export class Hub implements Link {
  readonly #server: Server
  readonly #memory: SharedMemory
  readonly #clock: Pick<Clock, 'after'>
  readonly #self: Peer
  readonly #peers: Set<Peer>
  readonly #sockets = new Set<Socket>()
  #cancelHints: (() => void) | null = null
  #isClosed = false

  constructor ({ server, memory, clock, hint }: HubTools) {
    this.#server = server
    this.#memory = memory
    this.#clock = clock
    this.#self = { hint, hasNews: false }
    this.#peers = new Set([this.#self])
    server.on('connection', socket => this.#serve(socket))
    // It cannot accept one just now, for want of file descriptors for instance; that one comes again.
    server.on('error', () => {})
  }

  async call<O extends Operation> (operation: O, ask: Ask<O>): Promise<Answer<O>> {
    if (this.#isClosed) throw new HubGone()
    return this.#perform(this.#self, operation, ask)
  }

  close (): void {
    this.#isClosed = true
    this.#cancelHints?.()
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve (socket: Socket): void {
    const peer: Peer = { hint: () => send(socket, { hint: true }), hasNews: false }
    const reader = new LineReader(maxRequestBytes)
    this.#peers.add(peer)
    this.#sockets.add(socket.unref())
    // Its close says all that there is to know.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#peers.delete(peer)
      this.#sockets.delete(socket)
    })
    socket.on('data', chunk => this.#receive(socket, peer, reader.read(chunk)))
  }

  #receive (socket: Socket, peer: Peer, lines: Iterable<string>): void {
    try {
      for (const line of lines) {
        const request = requestOf(line)
        if (request === undefined) throw new Error('no request')
        send(socket, this.#answer(peer, request))
      }
    } catch {
      socket.destroy()
    }
  }

  #answer (peer: Peer, { id, operation, ask }: Request): Reply {
    try {
      return { id, answer: this.#perform(peer, operation, ask as Ask<typeof operation>) }
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) }
    }
  }

  #perform<O extends Operation> (peer: Peer, operation: O, ask: Ask<O>): Answer<O> {
    const before = this.#memory.news
    const answer = perform(this.#memory, operation, ask)
    if (this.#memory.news !== before) this.#tellOthers(peer)
    return answer
  }

  #tellOthers (than: Peer): void {
    for (const peer of this.#peers) peer.hasNews ||= peer !== than
    this.#cancelHints ??= this.#clock.after(hintMs, () => {
      this.#cancelHints = null
      for (const peer of this.#peers) {
        if (peer.hasNews) peer.hint()
        peer.hasNews = false
      }
    })
  }
}

/** What a client does not read waits in this process, but only so much of it. */
function send (socket: Socket, reply: Reply): void {
  if (!socket.writable) return
  socket.write(`${JSON.stringify(reply)}\n`)
  if (socket.writableLength > maxUnreadBytes) socket.destroy()
}
