import { Readable } from 'node:stream'
import { NoNodeError, OptionError, RequestError } from '../errors.js'
import { bodyOverrideOf } from './body.js'
import { Departures } from './departures.js'
import { Exchange } from './exchange.js'
import { takeReplyFrom } from './reply-from.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ExchangeTools } from './exchange.js'
import type { Plans } from './plans.js'
import type { FromOptions, Requester } from './reply-from.js'
import type { CallOptions } from '../../types/options.js'

/** Where a request carries its exchange; the same symbol, as the key of a header that is never sent, carries it through reply-from. */
const kExchange: unique symbol = Symbol('fastify-balance.exchange')

interface Carrier { [kExchange]?: Exchange | null }

function attach (carrier: Carrier, exchange: Exchange): void {
  carrier[kExchange] = exchange
}

function exchangeIn (carrier: Carrier): Exchange {
  const exchange = carrier[kExchange]
  if (exchange === undefined || exchange === null) throw new Error('no exchange: this request did not come from reply.balance()')
  return exchange
}

function isAnswering (carrier: Carrier): boolean {
  return carrier[kExchange]?.isPending === true
}

const respond: NonNullable<CallOptions['onResponse']> = (request, _reply, response) => exchangeIn(request as Carrier).respond(response)

const requester: Requester = {
  request: (options, callback) => exchangeIn(options.headers as Carrier).send(options, callback)
}

const fromOptions: FromOptions = Object.freeze({
  retryDelay: () => null,
  rewriteHeaders: (headers: IncomingHttpHeaders, request?: FastifyRequest) => request === undefined ? headers : exchangeIn(request as Carrier).responseHeaders(headers, request),
  rewriteRequestHeaders: (request: FastifyRequest, headers: IncomingHttpHeaders) => {
    const exchange = exchangeIn(request as Carrier)
    exchange.takeHeaders(request, headers)
    // the exchange has the headers: what goes on through reply-from is the exchange alone
    return { [kExchange]: exchange } as IncomingHttpHeaders
  }
})

/** Decorates replies with `balance()`. */
export async function decorateBalance (app: FastifyInstance, plans: Plans, given: Omit<ExchangeTools, 'departures'>): Promise<void> {
  const tools: ExchangeTools = { ...given, departures: new Departures() }
  const from = await takeReplyFrom(app, requester)
  app.decorateRequest(kExchange, null)
  app.decorateReply('balance', function (this: FastifyReply, name?: string, call?: CallOptions) {
    const { request } = this
    const service = plans.nameOf(request, name)
    if (typeof service !== 'string') throw new OptionError('reply.balance() needs the name of a service, as its argument or as config.balance.service of the route')
    const plan = plans.planOf(request, service, call)
    if (plan === undefined) return refuse(this, service, call)
    if (isAnswering(request as Carrier)) throw new OptionError('reply.balance() was called for a request for which it was called before, and which waits for its answer')
    const exchange = new Exchange(this, plan, call, tools)
    attach(request as Carrier, exchange)
    try {
      from(this, call?.path === '' ? '/' : call?.path, fromOptionsOf(request, service, call))
    } catch (error) {
      if (!isClientFault(error)) {
        exchange.cancel()
        throw error
      }
      exchange.fail(Object.assign(new RequestError(service, error.message), { cause: error }))
    }
    return this
  })
}

/** reply-from's options: always the same object unless the call or the body asks for more. */
function fromOptionsOf (request: FastifyRequest, service: string, call: CallOptions | undefined): FromOptions {
  const override = call?.body === undefined ? bodyOverrideOf(request, service) : null
  if (call === undefined) return override === null ? fromOptions : { ...fromOptions, ...override }
  const { body, contentType, method, queryString, timeout } = call
  const onResponse = call.onResponse === undefined ? undefined : respond
  const given = { body, contentType, method: method?.toUpperCase(), queryString, onResponse, timeout }
  return { ...fromOptions, ...override, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}

function refuse (reply: FastifyReply, service: string, call: CallOptions | undefined): FastifyReply {
  const { body } = reply.request
  // a stream that nobody will read may fail, and would end the process if nobody listened
  if (body instanceof Readable) body.on('error', () => {})
  reply.header('retry-after', '1')
  const error = new NoNodeError(service)
  if (call?.onError === undefined) return reply.send(error)
  call.onError(reply, { error })
  return reply
}

/** Whether reply-from refused the path that the client asked for. */
function isClientFault (error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return error instanceof URIError || ('statusCode' in error && error.statusCode === 400) || ('code' in error && error.code === 'ERR_INVALID_URL') ||
    error.message === 'source must be a relative path string'
}
