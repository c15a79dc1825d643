import { Readable } from 'node:stream'
import { NoNodeError, QueueError } from '../errors.js'
import { hasBody } from './body.js'
import { Forward } from './forward.js'
import { copiedHeaders, eachRelayed, forwardHeaders, relayedHeaders, sentHeaders } from './headers.js'
import { caught, checkedHeaders } from './hooks.js'
import { ReplayBody } from './replay.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { AttemptEvent } from './failover.js'
import type { ForwardListener, ForwardTools } from './forward-request.js'
import type { Departures } from './departures.js'
import type { Plan } from './plans.js'
import type { ReplayMemory } from './replay.js'
import type { RequesterCallback, RequesterOptions } from './reply-from.js'
import type { Node } from '../../types/node.js'
import type { CallOptions, UpstreamResponse } from '../../types/options.js'

/** What every exchange needs. */
export interface ExchangeTools extends ForwardTools {
  readonly memory: ReplayMemory
  readonly departures: Departures
}

/** One `reply.balance()`: between a Fastify reply, reply-from, and the loop of attempts. */
export class Exchange implements ForwardListener {
  readonly #reply: FastifyReply
  readonly #plan: Plan
  readonly #call: CallOptions | undefined
  readonly #tools: ExchangeTools
  #headers: IncomingHttpHeaders = {}
  /** The headers that the reply has from a node. */
  #relayed: IncomingHttpHeaders | null = null
  #hasLeft = false
  #isPending = true
  /** That of the response, while it is a stream. */
  #body: Readable | null = null
  #forward: Forward | null = null
  #callback: RequesterCallback | null = null

  constructor (reply: FastifyReply, plan: Plan, call: CallOptions | undefined, tools: ExchangeTools) {
    this.#reply = reply
    this.#plan = plan
    this.#call = call
    this.#tools = tools
    this.#watchClient()
  }

  /** `request.signal` and the close of `request.raw` come as soon as a body was read: only the response's side tells that the client left. */
  #watchClient (): void {
    const { raw, request } = this.#reply
    const stop = raw.socket === null ? this.#watchConnection(request.raw.socket) : null
    raw.on('close', () => {
      stop?.()
      if (this.#isPending && raw.writableEnded) request.log.warn({ service: this.#plan.service.name }, 'the reply was sent before a node had answered: reply.balance() must be returned')
      if (this.#outlivesReply) this.#tools.clock.atTurnEnd(() => this.#cutUnread())
      else this.#forward?.abort()
    })
  }

  /** Neither an answer nor an error has gone to the reply. */
  get isPending (): boolean {
    return this.#isPending
  }

  /** A response that waits for others on its connection (pipelining) has no socket yet, and would never hear of its close. */
  #watchConnection (socket: Socket): () => void {
    this.#hasLeft = socket.destroyed
    return this.#tools.departures.watch(socket, () => {
      this.#hasLeft = true
      this.#forward?.abort()
    })
  }

  /** Whoever has taken the response and does not read it would hold its connection for ever. */
  #cutUnread (): void {
    const body = this.#body
    if (body !== null && !body.readableDidRead && body.readableFlowing === null && body.listenerCount('readable') === 0) this.#forward?.abort()
  }

  /** Whoever has taken the response by `onResponse` may read on after he has replied. Else nobody reads what is left when the reply has ended. */
  get #outlivesReply (): boolean {
    return this.#call?.onResponse !== undefined && this.#reply.raw.writableEnded
  }

  /** Nothing was sent, and whoever called has learned why. */
  cancel (): void {
    this.#isPending = false
  }

  /** Takes the headers that reply-from built. */
  takeHeaders (request: FastifyRequest, headers: IncomingHttpHeaders): void {
    const rewrite = this.#call?.rewriteRequestHeaders
    this.#headers = headers
    if (rewrite === undefined) return
    // each node gets its own, unless the hook sets one
    headers.host = undefined
    if (this.#plan.options.forwarded) forwardHeaders(request, headers)
    this.#headers = checkedHeaders(rewrite(request, headers), 'rewriteRequestHeaders')
  }

  #sentHeaders (withBody: boolean): string[] {
    const headers = this.#headers
    if (this.#call?.rewriteRequestHeaders === undefined) return copiedHeaders(this.#reply.request, headers, { forwarded: this.#plan.options.forwarded, hasBody: withBody })
    if (!withBody && headers['content-length'] !== '0') headers['content-length'] = undefined
    return sentHeaders(headers)
  }

  /** Takes the headers of a node's response to the reply, and gives what reply-from is to take there. */
  responseHeaders (headers: IncomingHttpHeaders, request: FastifyRequest): IncomingHttpHeaders {
    const rewrite = this.#call?.rewriteHeaders
    if (rewrite !== undefined) return (this.#relayed = checkedHeaders(rewrite(relayedHeaders(headers), request), 'rewriteHeaders'))
    this.#relayed = headers
    eachRelayed(headers, (name, value) => this.#reply.header(name, value))
    return none
  }

  /** reply-from has built the request: sends it. */
  send (options: RequesterOptions, callback: RequesterCallback): void {
    const { service, strategy, options: balance } = this.#plan
    const { request } = this.#reply
    const { filter, idempotent } = balance
    this.#callback = callback
    const body = this.#requestBody(options)
    const mayBeTwice = typeof idempotent === 'function' ? idempotent(request) : idempotent ?? idempotentMethods.has(options.method)
    this.#forward = new Forward({
      method: options.method as Dispatcher.HttpMethod,
      path: options.path,
      body,
      headers: this.#sentHeaders(body !== null),
      bodyTimeout: options.bodyTimeout,
      service,
      strategy,
      options: balance,
      attemptTimeoutMs: options.headersTimeout === undefined ? balance.attemptTimeoutMs : options.headersTimeout || Infinity,
      idempotent: mayBeTwice,
      hedge: mayBeTwice && body === null && safeMethods.has(options.method) ? balance.hedge : false,
      admits: filter === null ? null : info => filter(info, request),
      keyOf: () => request.ip,
      mayBeWhole: this.#call?.onResponse === undefined,
      keepsType: this.#call?.rewriteHeaders === undefined
    }, this, this.#tools)
    if (this.#isTooLate) return
    this.#forward.start()
  }

  relay (statusCode: number, headers: IncomingHttpHeaders, body: Buffer | Readable | undefined): void {
    const reply = this.#reply
    this.#isPending = false
    if (body instanceof Readable) {
      this.#body = body
      body.once('error', () => this.#forgetHead())
    }
    if (this.#isTooLate || reply.raw.headersSent) {
      if (body instanceof Readable) body.destroy()
      return
    }
    // that of an answer which this one replaces
    if (reply.hasHeader('retry-after')) reply.removeHeader('retry-after')
    this.#callback?.(null, { statusCode, headers: statusCode === 204 ? withoutLength(headers) : headers, body })
  }

  fail (error: Error): void {
    const reply = this.#reply
    const { request } = reply
    if (this.#isTooLate) return
    this.#isPending = false
    this.#forgetHead()
    if (error instanceof NoNodeError || error instanceof QueueError) reply.header('retry-after', '1')
    // an HTTP/1 connection cannot be used again before its request has been read to the end
    if (!request.raw.complete && request.raw.httpVersionMajor === 1 && hasBody(request)) reply.header('connection', 'close')
    const onError = this.#call?.onError
    if (onError === undefined) reply.send(error)
    else caught(() => onError(reply, { error: error as FastifyError }), thrown => this.#hookFailed('onError', thrown, () => { if (!reply.sent) reply.send(thrown) }))
  }

  /** Hands the response to the app. What its hook throws ends the request as an error of ours does. */
  respond (response: UpstreamResponse): void {
    const { request } = this.#reply
    caught(() => this.#call?.onResponse?.(request, this.#reply, response), thrown => this.#hookFailed('onResponse', thrown, () => this.#forward?.crash(thrown)))
  }

  /** Who has replied already cannot be told any more. */
  #hookFailed (hook: string, thrown: unknown, tell: () => void): void {
    const { sent, request } = this.#reply
    if (sent) request.log.error({ err: thrown, service: this.#plan.service.name }, `${hook} failed when the reply was sent`)
    tell()
  }

  /** The client has left, or the app has replied itself. */
  get #isTooLate (): boolean {
    const { sent, raw, request } = this.#reply
    return this.#hasLeft || sent || raw.destroyed || request.raw.aborted
  }

  /** The response broke off before any of it was sent: what was set for it must not stand on the error that is sent instead. */
  #forgetHead (): void {
    const reply = this.#reply
    if (reply.raw.headersSent || this.#relayed === null) return
    eachRelayed(this.#relayed, name => {
      reply.removeHeader(name)
      reply.raw.removeHeader(name)
    })
    reply.code(200)
    this.#relayed = null
  }

  failedOver ({ info }: Node, event: AttemptEvent): void {
    this.#reply.request.log.debug({ service: info.service, node: info.id, origin: info.origin, event }, 'failover')
  }

  #requestBody ({ body }: RequesterOptions): string | Buffer | ReplayBody | null {
    if (isStream(body)) return new ReplayBody(body instanceof Readable ? body : new Readable().wrap(body), this.#plan.options.replayBytes, this.#tools.memory)
    // a body that Fastify did not read, as that of a GET, is not sent
    return body !== undefined && body.length > 0 ? body : null
  }
}

/** RFC 9110 §8.6: what has no body by its status has no length. */
function withoutLength ({ 'content-length': _, ...rest }: IncomingHttpHeaders): IncomingHttpHeaders {
  return rest
}

/** Streams of other libraries, and those from before there was `Readable`, are no instances of it. */
function isStream (body: RequesterOptions['body']): body is Readable | NodeJS.ReadableStream {
  return typeof body === 'object' && 'pipe' in body
}

const none: IncomingHttpHeaders = Object.freeze({})

/** RFC 9110 §9.2.2. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])
/** RFC 9110 §9.2.1. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
