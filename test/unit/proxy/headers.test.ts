import { test } from 'tap'
import { copiedHeaders, forwardHeaders, relayedHeaders, sentHeaders } from '../../../lib/proxy/headers.js'
import type { FastifyRequest } from 'fastify'

const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

test('sent headers — leave out what speaks of the connection — in any case', async t => {
  for (const name of [...hopByHop, 'expect', 'http2-settings', 'proxy-authorization']) {
    t.same(sentHeaders({ [name]: 'x', [name.toUpperCase()]: 'x', 'x-kept': '1' }), ['x-kept', '1'], name)
  }
})

test('sent headers — are names and values in turn: one pair for each of several values, none for undefined', async t => {
  t.same(sentHeaders({ a: '1', b: undefined, cookie: ['x=1', 'y=2'] as unknown as string, 'content-length': 0 as unknown as string }), ['a', '1', 'cookie', 'x=1', 'cookie', 'y=2', 'content-length', '0'])
})

test('relayed headers — leave out what speaks of the connection', async t => {
  for (const name of [...hopByHop, 'proxy-authenticate']) t.same(relayedHeaders({ [name]: 'x', etag: '"1"' }), { etag: '"1"' }, name)
})

test('relayed headers — leave out what Connection names, in any case', async t => {
  t.same(relayedHeaders({ connection: 'Close, X-Hop ,x-other', 'x-hop': '1', 'x-other': '2', etag: '"1"' }), { etag: '"1"' })
  t.same(relayedHeaders({ connection: ['close', 'x-hop'] as unknown as string, 'x-hop': '1', etag: '"1"' }), { etag: '"1"' })
  t.same(relayedHeaders({ connection: 'Keep-Alive', etag: '"1"' }), { etag: '"1"' })
  t.same(relayedHeaders({ connection: 'close', close: 'a header of that name', etag: '"1"' }), { close: 'a header of that name', etag: '"1"' })
})

test('relayed headers — are a copy that keeps lists as lists', async t => {
  const headers = { 'set-cookie': ['a=1', 'b=2'] }
  t.same(relayedHeaders(headers), headers)
  t.not(relayedHeaders(headers), headers)
})

/** As much of a request as is asked. */
function requestWith (given: { ips?: string[], host?: string, hostHeader?: string, protocol?: string }): FastifyRequest {
  return {
    ...given.ips === undefined ? {} : { ips: given.ips },
    raw: { socket: { remoteAddress: '10.0.0.9' } },
    headers: { host: given.hostHeader },
    host: given.host ?? 'front.example',
    protocol: given.protocol ?? 'http'
  } as unknown as FastifyRequest
}

test('forwarded headers — without trustProxy — replace what the client claims by what the gateway saw', async t => {
  const headers = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'https', forwarded: 'for=1.2.3.4', 'x-a': '1' }
  forwardHeaders(requestWith({ hostHeader: 'shop.example:81' }), headers)
  t.same(headers, { 'x-forwarded-for': '10.0.0.9', 'x-forwarded-host': 'shop.example:81', 'x-forwarded-proto': 'http', forwarded: undefined, 'x-a': '1' })
})

test('forwarded headers — without a Host header, as HTTP/2 has it — take the authority', async t => {
  const headers: Record<string, string> = {}
  forwardHeaders(requestWith({ host: 'h2.example' }), headers)
  t.equal(headers['x-forwarded-host'], 'h2.example')
})

test('forwarded headers — with trustProxy — keep the trusted addresses, the client first, and Forwarded', async t => {
  const headers: Record<string, string> = { 'x-forwarded-for': '6.6.6.6, 1.2.3.4', forwarded: 'for=1.2.3.4' }
  forwardHeaders(requestWith({ ips: ['10.0.0.9', '10.0.0.8', '1.2.3.4'], host: 'shop.example', hostHeader: 'inner:80', protocol: 'https' }), headers)
  t.same(headers, { 'x-forwarded-for': '1.2.3.4, 10.0.0.8, 10.0.0.9', 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https', forwarded: 'for=1.2.3.4' })
})

test('forwarded headers — with trustProxy — leave the addresses of the request as they were', async t => {
  const ips = ['10.0.0.9', '1.2.3.4']
  forwardHeaders(requestWith({ ips }), {})
  t.same(ips, ['10.0.0.9', '1.2.3.4'])
})

const copied = { forwarded: false, hasBody: true }

test('copied headers — are those that the client sent, but for what speaks of its connection and its host', async t => {
  const headers = { host: 'a', 'x-a': '1', ...Object.fromEntries(hopByHop.map(name => [name, 'x'])), cookie: 'c=1', 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' }
  t.same(copiedHeaders(requestWith({}), headers, copied), ['x-a', '1', 'cookie', 'c=1', 'x-forwarded-for', '6.6.6.6', 'forwarded', 'for=6.6.6.6'])
})

test('copied headers — of a request whose body is not sent have no length, unless it is 0', async t => {
  t.same(copiedHeaders(requestWith({}), { 'content-length': '5' }, { ...copied, hasBody: false }), [])
  t.same(copiedHeaders(requestWith({}), { 'content-length': '0' }, { ...copied, hasBody: false }), ['content-length', '0'])
  t.same(copiedHeaders(requestWith({}), { 'content-length': 5 as unknown as string }, copied), ['content-length', '5'])
})

test('copied headers — say who asked for what exactly as forwarded ones do', async t => {
  const given = { 'x-forwarded-for': '6.6.6.6, 1.2.3.4', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'ftp', forwarded: 'for=1.2.3.4', 'x-a': '1' }
  const requests = [
    requestWith({ hostHeader: 'shop.example:81' }),
    requestWith({ host: 'h2.example' }),
    requestWith({ ips: ['10.0.0.9', '10.0.0.8', '1.2.3.4'], host: 'shop.example', hostHeader: 'inner:80', protocol: 'https' })
  ]
  for (const request of requests) {
    const expected = { ...given }
    forwardHeaders(request, expected)
    const pairs = copiedHeaders(request, given, { ...copied, forwarded: true })
    const actual = Object.fromEntries(pairs.flatMap((name, index) => index % 2 === 0 ? [[name, pairs[index + 1]]] : []))
    t.same(actual, JSON.parse(JSON.stringify(expected)))
  }
  t.same(given.forwarded, 'for=1.2.3.4', 'they are not changed')
})
