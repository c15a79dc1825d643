import http from 'node:http'
import https from 'node:https'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../types/clock.js'

/** What is posted. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a message fared. `body`: parsed JSON; null when there was none. */
export type Delivery =
  | { readonly kind: 'answered', readonly statusCode: number, readonly retryAfter: string | null, readonly body: unknown }
  | { readonly kind: 'failed', readonly error: Error }

/** Makes a message when it is known which address of this machine the gateway sees. */
export type Compose = (localAddress: string) => Message

const connectMs = 1000
const maxAnswerBytes = 64 * 1024

/** The connection to one gateway. It is kept open between messages, and opened again when it was lost. */
export class GatewayConnection {
  readonly #url: string
  readonly #clock: Clock
  readonly #family: 0 | 4
  readonly #agent: http.Agent | https.Agent

  /** `family`: of the address to connect to, when the gateway is given by name; 0: any. */
  constructor (url: string, clock: Clock, family: 0 | 4) {
    this.#url = url
    this.#clock = clock
    this.#family = family
    this.#agent = isSecure(url) ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true })
  }

  /** Posts one message. It never rejects: an abort and a timeout are failures too. */
  async post (compose: Compose, timeoutMs: number, signal: AbortSignal): Promise<Delivery> {
    const first = await this.#attempt(compose, timeoutMs, signal)
    // The gateway had closed the idle connection just then. A new message, for the first one may have arrived.
    return first.isStale ? (await this.#attempt(compose, timeoutMs, signal)).delivery : first.delivery
  }

  close (): void {
    this.#agent.destroy()
  }

  #attempt (compose: Compose, timeoutMs: number, signal: AbortSignal): Promise<{ delivery: Delivery, isStale: boolean }> {
    return new Promise(resolve => {
      const request = (isSecure(this.#url) ? https : http).request(this.#url, { method: 'POST', agent: this.#agent, signal, family: this.#family })
      const settle = (delivery: Delivery, isStale: boolean = false): void => {
        cancel()
        resolve({ delivery, isStale })
      }
      const fail = (error: Error): void => {
        settle({ kind: 'failed', error }, isLost(request, error))
        request.destroy()
      }
      // A destroyed request does not always say so (after a 101 it is silent), so the timeout settles by itself.
      const cancel = this.#clock.after(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)))
      request.on('error', fail)
      request.once('response', response => receive(response).then(settle, fail))
      request.once('socket', socket => this.#whenConnected(request, socket, () => write(request, compose, socket)))
    })
  }

  #whenConnected (request: ClientRequest, socket: Socket, then: () => void): void {
    if (request.reusedSocket) return then()
    const cancel = this.#clock.after(connectMs, () => request.destroy(new Error(`no connection within ${connectMs} ms`)))
    request.once('close', cancel)
    socket.once(isSecure(this.#url) ? 'secureConnect' : 'connect', () => {
      cancel()
      then()
    })
  }
}

/** Only now, for what is sent depends on the connection. */
function write (request: ClientRequest, compose: Compose, socket: Socket): void {
  try {
    const { headers, body } = compose(socket.localAddress ?? '')
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    request.setHeader('content-length', Buffer.byteLength(body))
    request.end(body)
  } catch (error) {
    request.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

async function receive (response: IncomingMessage): Promise<Delivery> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return {
    kind: 'answered',
    statusCode: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'] ?? null,
    body: parsed(Buffer.concat(chunks).toString())
  }
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isLost (request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function isSecure (url: string): boolean {
  return url.startsWith('https:')
}
