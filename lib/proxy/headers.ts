import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** Hop-by-hop, or refused by the client library. What `connection` names, reply-from has removed before. */
const notSent: ReadonlySet<string> = new Set([
  'connection', 'expect', 'http2-settings', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'
])

/** Hop-by-hop (RFC 9110 §7.6.1): they speak of the connection between gateway and node. */
const notRelayed: ReadonlySet<string> = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'transfer-encoding', 'te', 'trailer', 'upgrade'
])

/** Besides those: what each node gets its own of. */
const notCopied: ReadonlySet<string> = new Set([...notSent, 'host'])
/** Besides those: what the gateway says itself. */
const notCopiedForwarded: ReadonlySet<string> = new Set([...notCopied, 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])

/**
 * What of a client's headers a node gets: names and values in turn, as undici takes them fastest. `forwarded`: says who asked for what.
 * The headers are not changed: reply-from has made an object of them that is slow to change.
 */
export function copiedHeaders (request: FastifyRequest, headers: IncomingHttpHeaders, { forwarded, hasBody }: { forwarded: boolean, hasBody: boolean }): string[] {
  const sent: string[] = []
  const omitted = forwarded ? notCopiedForwarded : notCopied
  const trusted = 'ips' in request
  for (const name of Object.keys(headers)) {
    if (omitted.has(name) || (name === 'forwarded' && forwarded && !trusted) || (name === 'content-length' && !hasBody && headers[name] !== '0')) continue
    push(sent, name, headers[name])
  }
  if (!forwarded) return sent
  push(sent, 'x-forwarded-for', forwardedFor(request))
  push(sent, 'x-forwarded-host', forwardedHost(request))
  push(sent, 'x-forwarded-proto', request.protocol)
  return sent
}

/** What of headers that the app has rewritten a node gets, as pairs. */
export function sentHeaders (headers: IncomingHttpHeaders): string[] {
  const sent: string[] = []
  for (const name of Object.keys(headers)) {
    if (!notSent.has(name.toLowerCase())) push(sent, name, headers[name])
  }
  return sent
}

function push (sent: string[], name: string, value: string | string[] | undefined): void {
  if (typeof value === 'string') sent.push(name, value)
  else if (value !== undefined) for (const each of [value].flat()) sent.push(name, String(each))
}

/** Calls `keep` with what of a response's headers the client gets. */
export function eachRelayed (headers: IncomingHttpHeaders, keep: (name: string, value: string | string[] | undefined) => void): void {
  const named = headers.connection === undefined ? null : namesIn(headers.connection)
  for (const name of Object.keys(headers)) {
    if (!notRelayed.has(name) && named?.has(name) !== true) keep(name, headers[name])
  }
}

/** What of a response's headers the client gets, as an object of its own. */
export function relayedHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const relayed: IncomingHttpHeaders = {}
  eachRelayed(headers, (name, value) => { relayed[name] = value })
  return relayed
}

/** The headers that a Connection header names besides the connection's own words; null: none. */
function namesIn (connection: string | string[]): ReadonlySet<string> | null {
  const text = String(connection).toLowerCase()
  if (text === 'keep-alive' || text === 'close') return null
  return new Set(text.split(',').map(name => name.trim()))
}

/**
 * Says who asked for what: x-forwarded-for, -host and -proto. What the client claims in them is believed only as far as Fastify's
 * `trustProxy` goes; without it they are replaced.
 */
export function forwardHeaders (request: FastifyRequest, headers: IncomingHttpHeaders): void {
  headers['x-forwarded-for'] = forwardedFor(request)
  headers['x-forwarded-host'] = forwardedHost(request)
  headers['x-forwarded-proto'] = request.protocol
  if (!('ips' in request) && headers.forwarded !== undefined) headers.forwarded = undefined
}

function forwardedFor (request: FastifyRequest): string | undefined {
  return 'ips' in request && request.ips !== undefined ? request.ips.slice().reverse().join(', ') : request.raw.socket.remoteAddress
}

function forwardedHost (request: FastifyRequest): string {
  return 'ips' in request ? request.host : request.headers.host ?? request.host
}
