import { test } from 'tap'
import { replyOf, requestOf } from '../../../../lib/stores/local/protocol.js'
import { leaseWith } from '../../../support/store-contract.js'

const gateway = { id: 'g', address: 'http://10.0.0.1:8080', machine: 'm' }
const order = { service: 'orders', id: 'a', draining: true, revision: 1 }

test('requestOf — takes what a client sends', async t => {
  const asks = { put: { lease: leaseWith({ incarnation: null, seq: null }) }, drain: { order }, announce: { gateway, ttlMs: 0 }, page: { since: null }, lease: { name: 'n', owner: 'o', ttlMs: 1 }, release: { name: 'n', owner: 'o' } }
  for (const [operation, ask] of Object.entries(asks)) t.same(requestOf(JSON.stringify({ id: 1, operation, ask })), { id: 1, operation, ask })
  t.ok(requestOf(JSON.stringify({ id: 1, operation: 'page', ask: { since: 'x' } })))
})

test('requestOf — knows a stranger', async t => {
  const lines = [
    '', 'GET / HTTP/1.1', '{', 'null', '1', '[]', '{}', '"x"',
    { operation: 'page', ask: { since: null } },
    { id: '1', operation: 'page', ask: { since: null } },
    { id: 1, operation: 'pages', ask: {} },
    { id: 1, operation: 'toString', ask: {} },
    { id: 1, operation: '__proto__', ask: {} },
    { id: 1, operation: 'page' },
    { id: 1, operation: 'page', ask: [] },
    { id: 1, operation: 'page', ask: { since: 1 } },
    { id: 1, operation: 'put', ask: { lease: null } },
    { id: 1, operation: 'put', ask: { lease: { ...leaseWith(), info: { service: 'orders' } } } },
    { id: 1, operation: 'put', ask: { lease: { ...leaseWith(), incarnation: '1' } } },
    { id: 1, operation: 'put', ask: { lease: { ...leaseWith(), seq: -1 } } },
    { id: 1, operation: 'drain', ask: { order: { ...order, draining: 1 } } },
    { id: 1, operation: 'announce', ask: { gateway: { ...gateway, address: null }, ttlMs: 1 } },
    { id: 1, operation: 'announce', ask: { gateway, ttlMs: null } },
    { id: 1, operation: 'lease', ask: { name: 'n', ttlMs: 1 } },
    { id: 1, operation: 'release', ask: { name: 1, owner: 'o' } }
  ]
  for (const line of lines) {
    const text = typeof line === 'string' ? line : JSON.stringify(line)
    t.equal(requestOf(text), undefined, text)
  }
})

test('replyOf — takes what a hub sends, and knows a stranger', async t => {
  for (const reply of [{ hint: true }, { id: 1, answer: null }, { id: 1, answer: {} }, { id: 1, error: 'x' }]) t.same(replyOf(JSON.stringify(reply)), reply)
  for (const line of ['', 'x', 'null', '[]', '{}', '{"hint":false}', '{"id":1}', '{"id":"1","answer":1}', '{"id":1,"error":null}']) t.equal(replyOf(line), undefined, line)
})
