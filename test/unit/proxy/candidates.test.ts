import { test } from 'tap'
import { isNonEmpty, remaining } from '../../../lib/proxy/candidates.js'
import { candidatesOf, nodeWith } from './fixtures.js'

const a = nodeWith('a', { zone: 'east' })
const b = nodeWith('b', { zone: 'west' })
const c = nodeWith('c', { zone: 'east' })
const candidates = candidatesOf(a, b, c)
const idsOf = (list: typeof candidates | readonly (typeof candidates)[number][]): string[] => list.map(({ node }) => node.info.id)

test('remaining candidates — are the very list of the snapshot — when nothing was tried and nothing is filtered', async t => {
  t.equal(remaining(candidates, [], null), candidates)
})

test('remaining candidates — leave out every node that was tried', async t => {
  t.same(idsOf(remaining(candidates, [a], null)), ['b', 'c'])
  t.same(idsOf(remaining(candidates, [c, a], null)), ['b'])
  t.same(remaining(candidates, [a, b, c], null), [])
})

test('remaining candidates — are those that the filter admits, and of these the untried', async t => {
  t.same(idsOf(remaining(candidates, [], info => info.zone === 'east')), ['a', 'c'])
  t.same(idsOf(remaining(candidates, [a], info => info.zone === 'east')), ['c'])
  t.same(remaining(candidates, [], () => false), [])
})

test('remaining candidates — a tried node is known by itself, not by its id — when a new process took its place', async t => {
  t.same(idsOf(remaining(candidatesOf(nodeWith('a')), [a], null)), ['a'])
})

test('a list is non-empty exactly when it has an entry', async t => {
  t.equal(isNonEmpty([]), false)
  t.equal(isNonEmpty([0]), true)
})
