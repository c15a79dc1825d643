import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { bodyOverrideOf } from '../../../lib/proxy/body.js'
import type { FastifyRequest } from 'fastify'
import type { BodyOverride } from '../../../lib/proxy/body.js'

interface Raw { readableDidRead?: boolean, destroyed?: boolean, stream?: { endAfterHeaders: boolean } }
const read: Raw = { readableDidRead: true, destroyed: false }
const unread: Raw = { readableDidRead: false, destroyed: false }

const requestWith = (contentType: string | undefined, body: unknown, headers: Record<string, string> = { 'content-length': '5' }, raw: Raw = read): FastifyRequest =>
  ({ method: 'POST', headers: { 'content-type': contentType, ...headers }, body, raw }) as unknown as FastifyRequest

const json = 'application/json'
const vendor = 'application/vnd.api+json; charset=utf-8'
const bytes = Buffer.from('{"a":1}')

const rows: ReadonlyArray<readonly [what: string, request: FastifyRequest, override: BodyOverride]> = [
  ['no type and no body', requestWith(undefined, undefined, {}), null],
  ['text without a type', requestWith(undefined, 'abc'), null],
  ['no body', requestWith('text/plain', undefined, { 'content-length': '0' }), null],
  ['no body over HTTP/2', requestWith('text/plain', undefined, {}, { ...unread, stream: { endAfterHeaders: true } }), null],
  ['JSON null over HTTP/2', requestWith(json, null, {}, { ...read, stream: { endAfterHeaders: false } }), { body: 'null', contentType: json }],
  ['multipart without a body', requestWith('multipart/form-data; boundary=x', undefined, {}), null],
  ['multipart with length 0', requestWith('multipart/form-data; boundary=x', undefined, { 'content-length': '0' }), null],
  ['text', requestWith('text/plain', 'abc'), null],
  ['bytes', requestWith('image/png', bytes), null],
  ['other bytes', requestWith('image/png', new Uint8Array([1, 2])), null],
  ['a stream', requestWith('image/png', new PassThrough()), null],
  ['a JSON object', requestWith(json, { a: 1 }), null],
  ['a JSON text value', requestWith(json, 'abc'), null],
  ['JSON null', requestWith(json, null), { body: 'null', contentType: json }],
  ['JSON false', requestWith(json, false), { body: 'false', contentType: json }],
  ['JSON 0', requestWith(json, 0, { 'transfer-encoding': 'chunked' }), { body: '0', contentType: json }],
  ['JSON empty text', requestWith('Application/JSON; charset=utf-8', ''), { body: '""', contentType: 'Application/JSON' }],
  ['JSON null that nobody sent', requestWith(json, null, {}), null],
  ['JSON bytes', requestWith('application/json; charset=utf-8', bytes), { body: bytes, contentType: 'application/json; charset=utf-8' }],
  ['a JSON stream', requestWith(json, new PassThrough()), null],
  ['an object of another JSON type', requestWith(vendor, { a: 1 }), { body: '{"a":1}', contentType: 'application/vnd.api+json' }],
  ['text of another JSON type', requestWith(vendor, '{"a":1}'), null],
  ['null of another JSON type', requestWith(vendor, null), { body: 'null', contentType: 'application/vnd.api+json' }],
  ['bytes of another JSON type', requestWith(vendor, bytes), { body: bytes, contentType: vendor }]
]

for (const [what, request, override] of rows) {
  test(`the body given to reply-from — ${what} — is ${override === null ? 'left to it' : `given as ${override.contentType}`}`, async t => {
    t.strictSame(bodyOverrideOf(request, 'things'), override)
  })
}

const refused: ReadonlyArray<readonly [what: string, request: FastifyRequest]> = [
  ['a parsed form', requestWith('application/x-www-form-urlencoded', { a: '1' })],
  ['a number of an unknown type', requestWith('text/odd', 7)],
  ['null of an unknown type', requestWith('text/odd', null)],
  ['a text that a parser made nothing of', requestWith('text/plain', undefined)],
  ['a body without type that was read', requestWith(undefined, undefined)],
  ['a body of a connection that is gone', requestWith('text/plain', undefined, { 'content-length': '5' }, { ...unread, destroyed: true })],
  ['a body that was read, over HTTP/2', requestWith('text/plain', undefined, {}, { ...read, stream: { endAfterHeaders: false } })],
  ['multipart that a plugin has taken', requestWith('multipart/form-data; boundary=x', undefined)],
  ['chunked multipart that a plugin has taken', requestWith('multipart/form-data; boundary=x', undefined, { 'transfer-encoding': 'chunked' })],
  ['a type that only looks like JSON', requestWith('application/jsonp', { a: 1 })]
]

for (const [what, request] of refused) {
  test(`the body given to reply-from — ${what} — is refused, with the service and the type named`, async t => {
    t.throws(() => bodyOverrideOf(request, 'things'), { code: 'FST_BALANCE_BODY', statusCode: 415, message: /'things'/ })
  })
}

test('the body given to reply-from — that nobody has read — is what the client sends', async t => {
  const requests = [
    requestWith('text/plain', undefined, { 'content-length': '5' }, unread),
    requestWith(undefined, undefined, { 'transfer-encoding': 'chunked' }, unread),
    requestWith(undefined, undefined, {}, { ...unread, stream: { endAfterHeaders: false } })
  ]
  for (const request of requests) {
    t.equal(bodyOverrideOf(request, 'things'), null)
    t.equal(request.body, request.raw)
  }
})

test('the body given to reply-from — of a method whose bodies nobody reads — is none', async t => {
  for (const method of ['GET', 'HEAD', 'TRACE']) {
    const request = Object.assign(requestWith('text/plain', undefined, { 'content-length': '5' }, unread), { method })
    t.equal(bodyOverrideOf(request, 'things'), null)
    t.equal(request.body, undefined)
  }
})
