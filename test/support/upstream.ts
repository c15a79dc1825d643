import { createServer } from 'node:net'
import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

/** One connection to a nasty node. */
export interface Connection {
  readonly socket: Socket
  /** 1 for the first connection to the node. */
  readonly number: number
  /** How many bytes came on it. */
  bytes: number
  /** How many request heads came on it. */
  heads: number
}

export interface Upstream {
  readonly origin: string
  readonly connections: readonly Connection[]
  /** How many request heads came on all connections together. */
  readonly heads: number
  close (): Promise<void>
}

/** What a nasty node does: called for each connection, and again for each piece that comes on it. */
export interface Behaviour {
  connected? (connection: Connection): void
  received? (connection: Connection, chunk: Buffer): void
}

/** A node on bare TCP that does what no HTTP server would. Closed with the test. */
export async function startUpstream (t: Test, behaviour: Behaviour = {}): Promise<Upstream> {
  const connections: Connection[] = []
  const server = createServer(socket => {
    const connection: Connection = { socket, number: connections.length + 1, bytes: 0, heads: 0 }
    connections.push(connection)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      connection.bytes += chunk.length
      connection.heads += chunk.toString('latin1').split('HTTP/1.1\r\n').length - 1
      behaviour.received?.(connection, chunk)
    })
    behaviour.connected?.(connection)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    for (const { socket } of connections) socket.destroy()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  t.teardown(close)
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, connections, get heads () { return connections.reduce((sum, { heads }) => sum + heads, 0) }, close }
}

/** The origin of a node where nothing listens. */
export async function refusingOrigin (t: Test): Promise<string> {
  const upstream = await startUpstream(t)
  await upstream.close()
  return upstream.origin
}

/** The origin of a node that neither accepts nor refuses: its backlog is full, so the kernel drops what comes. */
export async function silentOrigin (t: Test): Promise<string> {
  const thread = new Thread(`
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`, { eval: true })
  t.teardown(() => thread.terminate())
  const [port] = await once(thread, 'message')
  for (let isOpen = true; isOpen;) {
    const socket = connect({ host: '127.0.0.1', port })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    isOpen = await new Promise(resolve => {
      socket.once('connect', () => resolve(true))
      setTimeout(() => resolve(false), 100)
    })
  }
  return `http://127.0.0.1:${port}`
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok'

/** Accepts, reads, and never answers. */
export const hanging: Behaviour = {}

/** Resets the connection when a request waits in it, without reading any of it. */
export const resettingBeforeReading: Behaviour = {
  connected ({ socket }) {
    socket.pause()
    setTimeout(() => socket.resetAndDestroy(), 30)
  }
}

/** Resets the connection when a request comes. */
export const resettingAfterReading: Behaviour = { received: ({ socket }) => socket.resetAndDestroy() }

/** Closes the connection when a request comes, without a word. */
export const closingAfterReading: Behaviour = { received: ({ socket }) => socket.destroy() }

/** Resets the connection once this many bytes have come. */
export function resettingAfter (bytes: number): Behaviour {
  return { received: connection => { if (connection.bytes >= bytes) connection.socket.resetAndDestroy() } }
}

/** Answers with this text, and closes. */
export function saying (text: string): Behaviour {
  return { received: ({ socket }) => socket.end(text) }
}

/** Answers with this text, and resets. */
export function breakingOffAfter (text: string): Behaviour {
  return { received: ({ socket }) => { socket.write(text, () => socket.resetAndDestroy()) } }
}

/** Serves the first request of each connection, and resets it at the second. */
export const resettingWhenReused: Behaviour = {
  received ({ socket, heads }) {
    if (heads > 1) socket.resetAndDestroy()
    else socket.write(ok)
  }
}
