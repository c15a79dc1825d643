import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Test } from 'tap'

/** The answer to a promise, or an error that names what did not come in time. */
export async function within<T> (ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms) })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Comes when `holds` is true; asked after every turn of the event loop. */
export async function until (what: string, holds: () => boolean, ms: number = 2000): Promise<void> {
  const endAt = performance.now() + ms
  while (!holds()) {
    if (performance.now() > endAt) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Names and values as they stood on the wire. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly text: string
  /** The body as JSON. */
  json (): any
  /** The response broke off. */
  readonly isBroken: boolean
}

export interface Sent {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer | Readable | undefined
  /** How long the whole exchange may take. */
  readonly withinMs?: number
}

/** A request on its own connection, begun and not ended. */
export function openRequest (url: string, { method = 'GET', headers = {} }: Sent = {}, options: RequestOptions = {}): ClientRequest {
  return request(url, { method, headers, agent: false, ...options })
}

/** Sends a request on its own connection, and reads the answer to its end. */
export async function send (url: string, { body, withinMs = 10_000, ...sent }: Sent = {}): Promise<Answer> {
  const outgoing = openRequest(url, sent)
  const head = headOf(outgoing)
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) outgoing.end(body)
  else body.pipe(outgoing)
  return within(withinMs, `${sent.method ?? 'GET'} ${url}`, head.then(answerOf))
}

/** The response head. A connection that breaks afterwards is no error here. */
export async function headOf (outgoing: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
  })
}

/** The answer whose head is here. */
export async function answerOf (message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  message.on('data', chunk => chunks.push(chunk))
  const isBroken = await new Promise<boolean>(resolve => {
    message.once('end', () => resolve(false))
    message.once('error', () => resolve(true))
    message.once('close', () => resolve(!message.complete))
  })
  const body = Buffer.concat(chunks)
  const text = body.toString()
  return { status: message.statusCode ?? 0, headers: message.headers, rawHeaders: message.rawHeaders, body, text, json: () => JSON.parse(text), isBroken }
}

/** A plain connection to a server: what a test writes there is what the server gets. Closed with the test. */
export async function openConnection (t: Test, origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port) })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await within(2000, 'connection', once(socket, 'connect'))
  return socket
}

/** All that comes on a connection until the other side closes it. */
export async function textOf (socket: Socket, withinMs: number = 5000): Promise<string> {
  let text = ''
  socket.on('data', chunk => { text += chunk })
  await within(withinMs, 'the close of the connection', once(socket, 'close'))
  return text
}
