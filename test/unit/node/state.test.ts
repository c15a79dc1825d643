import { test } from 'tap'
import { createNode, writable } from '../../../lib/node/node.js'
import { stateOf } from '../../../lib/node/state.js'
import { infoWith, nodeWith } from './fixtures.js'
import type { NodeState } from '../../../types/index.js'

const now = 100_000
const slowStartMs = 10_000

test('the state is the first of expired, draining, ejected, warming, up that holds — in every combination of facts', async t => {
  const either = [true, false]
  for (const expired of either) {
    for (const draining of either) {
      for (const drainRequested of either) {
        for (const ejected of either) {
          for (const warming of either) {
            const node = nodeWith({
              leaseUntil: expired ? now : now + 1,
              draining,
              drainRequested,
              ejectedUntil: ejected ? now + 1 : now,
              upSince: warming ? now - slowStartMs + 1 : now - slowStartMs
            })
            const held: Array<[boolean, NodeState]> = [[expired, 'expired'], [draining, 'draining'], [drainRequested, 'draining'], [ejected, 'ejected'], [warming, 'warming'], [true, 'up']]
            const first = held.find(([holds]) => holds)?.[1]
            t.equal(stateOf(node, now, slowStartMs), first, JSON.stringify({ expired, draining, drainRequested, ejected, warming }))
          }
        }
      }
    }
  }
})

test('a state ends exactly at its instant — t-1, t, t+1', async t => {
  const rows: ReadonlyArray<readonly [what: string, facts: Parameters<typeof nodeWith>[0], before: NodeState, from: NodeState]> = [
    ['the lease', { leaseUntil: now }, 'up', 'expired'],
    ['the ejection', { ejectedUntil: now }, 'ejected', 'up'],
    ['the ejection, into slow start', { ejectedUntil: now, upSince: now }, 'ejected', 'warming'],
    ['slow start', { upSince: now - slowStartMs }, 'warming', 'up'],
    ['the lease of a draining node', { leaseUntil: now, draining: true }, 'draining', 'expired']
  ]
  for (const [what, facts, before, from] of rows) {
    const node = nodeWith(facts)
    t.same([now - 1, now, now + 1].map(at => stateOf(node, at, slowStartMs)), [before, from, from], what)
  }
})

test('a node never warms up — where slow start is off', async t => {
  t.equal(stateOf(nodeWith({ upSince: now }), now, 0), 'up')
})

test('a node is up at once — when it has no lease to lose and no slow start', async t => {
  t.equal(stateOf(nodeWith({}), now, slowStartMs), 'up')
  t.equal(stateOf(nodeWith({}), Number.MAX_SAFE_INTEGER, slowStartMs), 'up')
})

test('a new node has its info and its lease, and nothing that was learned', async t => {
  const info = infoWith({ id: 'a' })
  t.same(createNode(info, { leaseUntil: 4000, now: 1000, warmsUp: true }), {
    info, inFlight: 0, load: null, leaseUntil: 4000, upSince: 1000, ejectedUntil: -Infinity, failsChecks: false, draining: false, drainRequested: false
  })
  t.equal(createNode(info, { leaseUntil: 4000, now: 1000, warmsUp: false }).upSince, -Infinity)
})

test('the writable node is the node', async t => {
  const node = nodeWith({})
  writable(node).inFlight = 3
  t.equal(node.inFlight, 3)
})
