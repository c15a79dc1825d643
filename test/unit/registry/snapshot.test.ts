import { test } from 'tap'
import { snapshotOf } from '../../../lib/registry/snapshot.js'
import { nodeWith } from '../node/fixtures.js'
import { rules } from './fixtures.js'
import type { Node } from '../../../types/index.js'

const now = 100_000
const up = (id: string, weight = 1): Node => nodeWith({ info: { id, weight } })
const warming = (id: string, weight = 1): Node => nodeWith({ info: { id, weight }, upSince: now - 5000 })
const ejected = (id: string, weight = 1): Node => nodeWith({ info: { id, weight }, ejectedUntil: now + 500 })
const expired = (id: string, weight = 1): Node => nodeWith({ info: { id, weight }, leaseUntil: now })
const draining = (id: string, weight = 1): Node => nodeWith({ info: { id, weight }, draining: true })
const drained = (id: string, weight = 1): Node => nodeWith({ info: { id, weight }, drainRequested: true })
const gone = (id: string): Node => nodeWith({ info: { id }, draining: true, leaseUntil: now })

const offer = (nodes: readonly Node[], panicThreshold = rules.panicThreshold) => {
  const { candidates, panic, equalized } = snapshotOf(nodes, now, { ...rules, panicThreshold })
  return { ids: candidates.map(({ node }) => node.info.id).join(' '), panic, equalized }
}

test('who is offered', async t => {
  const rows: ReadonlyArray<readonly [nodes: readonly Node[], ids: string, panic: boolean]> = [
    [[], '', false],
    [[up('a'), warming('b')], 'a b', false],
    [[up('a'), expired('b')], 'a', false],
    [[up('a'), ejected('b')], 'a', false],
    [[up('a'), draining('b'), drained('c')], 'a', false],
    [[up('a'), expired('b'), ejected('c')], 'a b c', true],
    [[expired('a')], 'a', true],
    [[ejected('a'), draining('b')], 'a', true],
    [[draining('a'), drained('b')], 'a b', false],
    [[draining('a'), gone('b')], 'a', false],
    [[gone('a')], '', false],
    [[draining('a'), expired('b')], 'b', true]
  ]
  for (const [nodes, ids, panic] of rows) t.match(offer(nodes), { ids, panic }, `${ids || 'nobody'} of ${nodes.length}`)
})

test('draining nodes are in neither side of the share that panic looks at', async t => {
  t.match(offer([up('a'), expired('b'), draining('c'), drained('d'), gone('e')]), { ids: 'a', panic: false }, '1 of 2')
})

test('panic begins exactly below the threshold', async t => {
  const rows: ReadonlyArray<readonly [healthy: number, of: number, threshold: number, panic: boolean]> = [
    [1, 2, 0.5, false], [1, 3, 0.5, true], [2, 3, 0.5, false], [0, 1, 0.5, true], [7, 100, 0.07, false], [6, 100, 0.07, true], [3, 10, 0.3, false], [2, 10, 0.3, true],
    [0, 5, 0, false], [5, 5, 1, false], [4, 5, 1, true], [29, 50, 0.58, false], [28, 50, 0.58, true]
  ]
  for (const [healthy, of, threshold, panic] of rows) {
    const nodes = Array.from({ length: of }, (_, index) => index < healthy ? up(String(index)) : expired(String(index)))
    t.equal(snapshotOf(nodes, now, { ...rules, panicThreshold: threshold }).panic, panic, `${healthy} of ${of} below ${threshold}`)
  }
})

test('the share is exact — for every share in hundredths', async t => {
  const wrong: string[] = []
  for (let healthy = 0; healthy <= 100; healthy++) {
    const nodes = Array.from({ length: 100 }, (_, index) => index < healthy ? up(String(index)) : expired(String(index)))
    for (const [threshold, panic] of [[healthy / 100, false], [(healthy + 1) / 100, true]] as const) {
      if (snapshotOf(nodes, now, { ...rules, panicThreshold: threshold }).panic !== panic) wrong.push(`${healthy} of 100 below ${threshold}`)
    }
  }
  t.same(wrong, [])
})

test('without panic nobody doubtful is offered, and draining nodes are when nothing else is left', async t => {
  t.same(offer([expired('a'), ejected('b')], 0), { ids: '', panic: false, equalized: false })
  t.same(offer([expired('a'), ejected('b'), draining('c')], 0), { ids: 'c', panic: false, equalized: false })
  t.same(offer([up('a'), draining('c')], 0), { ids: 'a', panic: false, equalized: false })
})

test('a node of weight 0 is offered only when all have weight 0, and then all count the same', async t => {
  t.same(offer([up('a', 0), up('b', 2)]), { ids: 'b', panic: false, equalized: false })
  t.same(offer([up('a', 0), expired('b', 2)]), { ids: 'b', panic: true, equalized: false }, 'weight 0 is an operator\'s word, a lease is not')
  t.same(offer([up('a', 0), up('b', 0), draining('c', 0)]), { ids: 'a b', panic: false, equalized: true })
  t.same(offer([draining('a', 0)]), { ids: 'a', panic: false, equalized: true })
  t.same(snapshotOf([up('a', 0), warming('b', 0)], now, rules).candidates.map(({ weight }) => weight), [1, 0.5])
  t.notOk(snapshotOf([], now, rules).equalized)
})

test('nodes of weight 0 do not count for panic', async t => {
  t.match(offer([up('a'), expired('b'), expired('c', 0)]), { ids: 'a', panic: false })
})

test('the weight is the configured one times the share of slow start', async t => {
  const { candidates, warming: warm } = snapshotOf([up('a', 3), warming('b', 4)], now, rules)
  t.same(candidates.map(({ weight }) => weight), [3, 2])
  t.same(warm, [candidates[1]])
  t.equal(warm[0], candidates[1], 'it is the same candidate')
})

test('slow start weighs only nodes that warm up — not doubtful or draining ones that are offered for want of others', async t => {
  const since = { upSince: now - 1 }
  const inPanic = [nodeWith({ ...since, leaseUntil: now, info: { weight: 3 } }), nodeWith({ ...since, ejectedUntil: now + 1, info: { weight: 3 } })]
  t.same(snapshotOf(inPanic, now, rules).candidates.map(({ weight }) => weight), [3, 3])
  t.same(snapshotOf([nodeWith({ ...since, draining: true })], now, rules).candidates.map(({ weight }) => weight), [1])
  t.same(snapshotOf(inPanic, now, rules).warming, [])
})

test('it is valid until the first lease or ejection ends, or until the weights of slow start have moved', async t => {
  const rows: ReadonlyArray<readonly [what: string, nodes: readonly Node[], validUntil: number]> = [
    ['no node', [], Infinity],
    ['static nodes', [up('a'), drained('b')], Infinity],
    ['the first lease', [nodeWith({ leaseUntil: now + 3000 }), nodeWith({ leaseUntil: now + 2000 })], now + 2000],
    ['leases that are over', [expired('a')], Infinity],
    ['the lease of a draining node', [up('a'), nodeWith({ draining: true, leaseUntil: now + 3000 })], now + 3000],
    ['an ejection', [up('a'), ejected('b')], now + 500],
    ['an ejection that is over', [nodeWith({ ejectedUntil: now })], Infinity],
    ['an ejection longer than the lease', [nodeWith({ ejectedUntil: now + 500, leaseUntil: now + 400 })], now + 400],
    ['slow start', [warming('a')], now + 100],
    ['the end of slow start', [nodeWith({ upSince: now - 9950 })], now + 50],
    ['slow start of a node that is ejected', [nodeWith({ upSince: now + 500, ejectedUntil: now + 500 })], now + 500]
  ]
  for (const [what, nodes, validUntil] of rows) t.equal(snapshotOf(nodes, now, rules).validUntil, validUntil, what)
})

test('it is immutable', async t => {
  const snapshot = snapshotOf([warming('a')], now, rules)
  for (const each of [snapshot, snapshot.candidates, snapshot.warming, ...snapshot.candidates]) t.ok(Object.isFrozen(each))
})
