import { once } from 'node:events'
import http from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HeartbeatBody } from '../../../types/heartbeat.js'

/** A heartbeat as the fake gateway received it. */
export interface Received {
  readonly body: HeartbeatBody
  /** As it stood on the wire. */
  readonly text: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly peer: string | undefined
}

type Answer = { statusCode?: number, headers?: Record<string, string>, body?: unknown } | 'hang'

export interface FakeGateway {
  /** Its address, as agents are configured with it. */
  readonly url: string
  readonly received: Received[]
  /** How many connections are open. */
  readonly sockets: () => number
  /** Resolves with the first beat that passes, also one that came before. */
  seen (test: (received: Received, index: number) => boolean): Promise<Received>
  close (): Promise<void>
}

/** The 200 of a gateway. */
export function accepted (received: Received, fields: Record<string, unknown> = {}): Answer {
  const { service, state = 'up', port = 0, origin = `http://127.0.0.1:${port}`, id = new URL(origin).host } = received.body
  return { body: { id, service, state, intervalMs: 50, ttlMs: 150, gateways: [], fanout: 'all', drain: false, ...fields } }
}

/** A gateway that keeps what it receives, and answers what it is told to. */
export async function fakeGateway (
  t: { teardown (task: () => unknown): void },
  { answer = received => accepted(received), host = '127.0.0.1', port = 0 }: { answer?: (received: Received, index: number) => Answer, host?: string, port?: number } = {}
): Promise<FakeGateway> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<unknown>()
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const beat = { body: JSON.parse(text), text, path: request.url ?? '', headers: request.headers, peer: request.socket.remoteAddress }
    received.push(beat)
    for (const check of [...waiting]) check()
    reply(response, answer(beat, received.length - 1))
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const close = (): Promise<void> => new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
  t.teardown(close)
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    received,
    sockets: () => sockets.size,
    seen: test => new Promise(resolve => {
      const check = (): void => {
        const found = received.find(test)
        if (found === undefined) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
    }),
    close
  }
}

function reply (response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return
  const { statusCode = 200, headers = {}, body = {} } = answer
  response.writeHead(statusCode, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
