import fc from 'fast-check'
import { test } from 'tap'
import { stateOf } from '../../lib/node/state.js'
import { slowStartFactor } from '../../lib/node/weight.js'
import { snapshotOf } from '../../lib/registry/snapshot.js'
import { nodeWith } from '../unit/node/fixtures.js'
import type { OfferRules, Snapshot } from '../../lib/registry/snapshot.js'
import type { Node, NodeState } from '../../types/index.js'

const now = 1_000_000
const near = fc.integer({ min: -15_000, max: 15_000 }).map(by => now + by)
const often = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> => fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, other)

const nodes: fc.Arbitrary<Node[]> = fc.array(fc.record({
  leaseUntil: often(Infinity, near),
  ejectedUntil: often(-Infinity, near),
  upSince: often(-Infinity, near),
  draining: fc.boolean(),
  drainRequested: often(false, fc.boolean()),
  weight: fc.constantFrom(0, 0.5, 1, 1, 7, 1000)
}).map(({ weight, ...facts }) => nodeWith({ ...facts, info: { weight } })), { maxLength: 8 })
const offerRules: fc.Arbitrary<OfferRules> = fc.record({ slowStartMs: fc.constantFrom(0, 50, 10_000), panicThreshold: fc.constantFrom(0, 0.3, 0.5, 1) })
/** A list of nodes in which those that drain and those of weight 0 are not always there. */
const lists = fc.tuple(nodes, fc.constantFrom('as they are', 'none drains', 'all weigh 0')).map(([list, kind]) => list.map(node => ({
  ...node,
  draining: kind === 'none drains' ? false : node.draining,
  info: kind === 'all weigh 0' ? { ...node.info, weight: 0 } : node.info
})))

type Check = (list: readonly Node[], rules: OfferRules, snapshot: Snapshot, stateIn: (node: Node) => NodeState) => boolean

/** Holds the property against many lists of nodes and rules. fast-check prints the seed of a failure. */
const holds = (check: Check): void => fc.assert(fc.property(lists, offerRules, (list, rules) =>
  check(list, rules, snapshotOf(list, now, rules), node => stateOf(node, now, rules.slowStartMs))), { numRuns: 2000 })

const offeredNodes = ({ candidates }: Snapshot): Node[] => candidates.map(({ node }) => node)
const isDraining = (node: Node): boolean => node.draining || node.drainRequested
const isHealthy = (state: NodeState): boolean => state === 'up' || state === 'warming'

test('every candidate is one of the nodes, once, and weighs more than nothing', async t => {
  t.doesNotThrow(() => holds((list, _rules, snapshot) => {
    const offered = offeredNodes(snapshot)
    return new Set(offered).size === offered.length && offered.every(node => list.includes(node)) && snapshot.candidates.every(({ weight }) => weight > 0)
  }))
})

test('expired and ejected nodes are offered only in panic', async t => {
  t.doesNotThrow(() => holds((_list, _rules, snapshot, stateIn) => snapshot.panic || offeredNodes(snapshot).every(node => !['expired', 'ejected'].includes(stateIn(node)))))
})

test('draining nodes are offered only when nothing else is, and then only those that live', async t => {
  t.doesNotThrow(() => holds((_list, _rules, snapshot, stateIn) => {
    const offered = offeredNodes(snapshot)
    return !offered.some(isDraining) || offered.every(node => stateIn(node) === 'draining')
  }))
})

test('a healthy node of some weight is always offered', async t => {
  t.doesNotThrow(() => holds((list, _rules, snapshot, stateIn) => list.every(node => !isHealthy(stateIn(node)) || node.info.weight === 0 || offeredNodes(snapshot).includes(node))))
})

test('whenever a node lives that may be offered, somebody is', async t => {
  t.doesNotThrow(() => holds((list, _rules, snapshot, stateIn) =>
    snapshot.candidates.length > 0 || !list.some(node => (isHealthy(stateIn(node)) || stateIn(node) === 'draining') && (snapshot.equalized || node.info.weight > 0))))
})

test('a node of weight 0 is offered only when all have weight 0, and then all have the same', async t => {
  t.doesNotThrow(() => holds((list, rules, snapshot, stateIn) => {
    const allZero = list.length > 0 && list.every(({ info }) => info.weight === 0)
    return snapshot.equalized === allZero && snapshot.candidates.every(({ node, weight }) => {
      const share = stateIn(node) === 'warming' ? slowStartFactor(node, now, rules.slowStartMs) : 1
      return allZero ? weight === share : weight === node.info.weight * share && node.info.weight > 0
    })
  }))
})

test('panic is when the healthy ones are fewer than the threshold of those that do not drain', async t => {
  t.doesNotThrow(() => holds((list, { panicThreshold }, snapshot, stateIn) => {
    const counted = list.filter(node => !isDraining(node) && (snapshot.equalized || node.info.weight > 0))
    const healthy = counted.filter(node => isHealthy(stateIn(node)))
    return snapshot.panic === (counted.length > 0 && healthy.length / counted.length < panicThreshold)
  }))
})

test('the warming ones are those of the candidates that warm up', async t => {
  t.doesNotThrow(() => holds((_list, _rules, { candidates, warming }, stateIn) => {
    const expected = candidates.filter(({ node }) => stateIn(node) === 'warming')
    return warming.length === expected.length && warming.every((candidate, index) => candidate === expected[index])
  }))
})

/** Whether two snapshots offer the same, but for what slow start adds within 100 ms. */
function offersTheSame (one: Snapshot, other: Snapshot, { slowStartMs }: OfferRules): boolean {
  return one.panic === other.panic && one.equalized === other.equalized && one.candidates.length === other.candidates.length &&
    one.candidates.every(({ node, weight }, index) => {
      const now = other.candidates[index]
      const base = one.equalized ? 1 : node.info.weight
      const stepped = one.warming.some(each => each.node === node) ? base * 100 / slowStartMs : 0
      return now !== undefined && now.node === node && now.weight >= weight && now.weight - weight <= stepped + 1e-9
    })
}

test('made again at any instant for which it is valid it would be the same — but for the weights of slow start, within 100 ms', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(lists, offerRules, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (list, rules, share) => {
    const snapshot = snapshotOf(list, now, rules)
    const lastly = Math.min(snapshot.validUntil, now + 100_000)
    const within = [now, now + share * (lastly - now), lastly - 1e-3].filter(at => at >= now && at < snapshot.validUntil)
    return snapshot.validUntil > now && within.every(at => offersTheSame(snapshot, snapshotOf(list, at, rules), rules))
  }), { numRuns: 5000 }))
})

test('it is not made again for nothing — at the end of its validity a node is in another state, or slow start has gone on for 100 ms', async t => {
  t.doesNotThrow(() => holds((list, { slowStartMs }, { validUntil }) =>
    validUntil === Infinity ||
    list.some(node => stateOf(node, now, slowStartMs) !== stateOf(node, validUntil, slowStartMs)) ||
    (validUntil === now + 100 && list.some(node => stateOf(node, now, slowStartMs) === 'warming'))))
})
