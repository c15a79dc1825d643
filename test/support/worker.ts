import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'

/** A request as a worker received it, to its last byte. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface Worker {
  readonly origin: string
  /** The heads that came, in order. */
  readonly urls: readonly string[]
  /** The requests that came whole, in order. */
  readonly received: readonly Received[]
  /** How many connections were made to it. */
  readonly connections: number
  close (): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A well-behaved node: an HTTP server that remembers what it received. Without a handler it answers with what came. Closed with the test. */
export async function startWorker (t: Test, handler: Handler = echo): Promise<Worker> {
  const urls: string[] = []
  const received: Received[] = []
  let connections = 0
  const server = createServer((request, response) => {
    urls.push(request.url ?? '')
    remember(request, received)
    handler(request, response)
  })
  server.on('connection', () => { connections++ })
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  t.teardown(close)
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, urls, received, get connections () { return connections }, close }
}

function remember (request: IncomingMessage, received: Received[]): void {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const { method = '', url = '', headers, rawHeaders } = request
    received.push({ method, url, headers, rawHeaders, body: Buffer.concat(chunks) })
  })
}

/** Answers with what came: the request in the body's JSON. */
export function echo (request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }))
  })
}

/** Answers every request with this status, at once. */
export function answering (status: number, text: string = '', headers: Record<string, string | string[]> = {}): Handler {
  return (request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'text/plain', ...headers })
    response.end(text)
  }
}
