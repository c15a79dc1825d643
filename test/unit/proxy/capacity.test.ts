import { test } from 'tap'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { Capacity } from '../../../lib/proxy/capacity.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { Node } from '../../../types/index.js'

const ended = { kind: 'aborted', elapsedMs: 0 } as const

function capacityOf (maxInFlight: number): { capacity: Capacity, begin: (node: Node) => RunningAttempt, freed: () => number } {
  let freed = 0
  const capacity = new Capacity(maxInFlight, () => { freed++ })
  return { capacity, begin: node => new RunningAttempt(node, 1, 0, [capacity]), freed: () => freed }
}

test('while nobody is full the list is the same object', async t => {
  const { capacity, begin } = capacityOf(2)
  const [a, b] = [nodeWith('a'), nodeWith('b')]
  const candidates = candidatesOf(a, b)
  begin(a)
  t.equal(capacity.withRoom(candidates), candidates)
})

test('a node is full with its last place — not before', async t => {
  const { capacity, begin } = capacityOf(2)
  const [a, b] = [nodeWith('a'), nodeWith('b')]
  const candidates = candidatesOf(a, b)
  begin(a)
  begin(a)
  t.same(capacity.withRoom(candidates).map(({ node }) => node.info.id), ['b'])
  begin(b)
  begin(b)
  t.same(capacity.withRoom(candidates), [])
})

test('a node that was full is not any more as soon as one of its attempts is over — and that is told once', async t => {
  const { capacity, begin, freed } = capacityOf(2)
  const a = nodeWith('a')
  const candidates = candidatesOf(a)
  const [first, second] = [begin(a), begin(a)]
  first.settle(ended)
  t.equal(freed(), 1)
  t.equal(capacity.withRoom(candidates), candidates)
  second.settle(ended)
  t.equal(freed(), 1, 'it had room already')
})

test('a node beyond its limit has room only below it', async t => {
  const { capacity, begin, freed } = capacityOf(1)
  const a = nodeWith('a')
  const [first, second] = [begin(a), begin(a)]
  first.settle(ended)
  t.same([freed(), capacity.withRoom(candidatesOf(a)).length], [0, 0])
  second.settle(ended)
  t.same([freed(), capacity.withRoom(candidatesOf(a)).length], [1, 1])
})

test('a node that frees a place while another is full is not told of', async t => {
  const { begin, freed } = capacityOf(2)
  const [a, b] = [nodeWith('a'), nodeWith('b')]
  begin(a)
  begin(a)
  begin(b).settle(ended)
  t.equal(freed(), 0)
})
