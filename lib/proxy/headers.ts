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

/** What of a request's headers a node gets: names and values in turn, as undici takes them fastest. */
export function sentHeaders (headers: IncomingHttpHeaders): string[] {
  const sent: string[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || notSent.has(name.toLowerCase())) continue
    if (typeof value === 'string') sent.push(name, value)
    else for (const each of [value].flat()) sent.push(name, String(each))
  }
  return sent
}

/** What of a response's headers the client gets. */
export function relayedHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = headers.connection === undefined ? null : namesIn(headers.connection)
  const relayed: IncomingHttpHeaders = {}
  for (const name of Object.keys(headers)) {
    if (!notRelayed.has(name) && named?.has(name) !== true) relayed[name] = headers[name]
  }
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
  const trusted = 'ips' in request ? request.ips : undefined
  headers['x-forwarded-for'] = trusted === undefined ? request.raw.socket.remoteAddress : trusted.slice().reverse().join(', ')
  headers['x-forwarded-host'] = trusted === undefined ? request.headers.host ?? request.host : request.host
  headers['x-forwarded-proto'] = request.protocol
  if (trusted === undefined && headers.forwarded !== undefined) headers.forwarded = undefined
}
