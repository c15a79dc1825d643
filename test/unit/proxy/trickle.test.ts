import { test } from 'tap'
import { writable } from '../../../lib/node/node.js'
import { Trickle } from '../../../lib/proxy/trickle.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { Node } from '../../../types/node.js'

function warmingSince (id: string, upSince: number): Node {
  const node = nodeWith(id)
  writable(node).upSince = upSince
  return node
}

test('a warming node — is due after a second without a request — and not before', async t => {
  const [a] = candidatesOf(warmingSince('a', 5000))
  const warming = [a].flatMap(each => each ?? [])
  const trickle = new Trickle()
  t.equal(trickle.due(warming, warming, 5999), undefined)
  t.equal(trickle.due(warming, warming, 6000), a)
  trickle.picked(warmingSince('other', 0), 6000)
  t.equal(trickle.due(warming, warming, 6000), a, 'another node was picked')
})

test('a warming node — waits a second from its last pick', async t => {
  const node = warmingSince('a', 5000)
  const warming = candidatesOf(node)
  const trickle = new Trickle()
  trickle.picked(node, 7000)
  t.equal(trickle.due(warming, warming, 7999), undefined)
  t.equal(trickle.due(warming, warming, 8000), warming[0])
})

test('a warming node — is not due — while it has a request in flight', async t => {
  const node = warmingSince('a', 0)
  const warming = candidatesOf(node)
  writable(node).inFlight = 1
  t.equal(new Trickle().due(warming, warming, 9000), undefined)
})

test('a warming node — is not due — when it is not offered to this request', async t => {
  const warming = candidatesOf(warmingSince('a', 0), warmingSince('b', 0))
  t.equal(new Trickle().due(warming, warming.slice(1), 9000), warming[1])
  t.equal(new Trickle().due(warming, [], 9000), undefined)
})

test('nobody is due when nobody warms up', async t => {
  t.equal(new Trickle().due([], candidatesOf(nodeWith('a')), 9000), undefined)
})
