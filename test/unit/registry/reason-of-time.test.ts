import { test } from 'tap'
import { reasonOfTime } from '../../../lib/registry/reason-of-time.js'
import { nodeWith } from '../node/fixtures.js'
import type { ChangeReason, NodeState } from '../../../types/index.js'

test('time ends leases, ejections and slow start', async t => {
  const rows: ReadonlyArray<readonly [announced: NodeState, leaseUntil: number, reason: ChangeReason]> = [
    ['up', 1000, 'lease-over'], ['warming', 1000, 'lease-over'], ['draining', 1000, 'lease-over'], ['ejected', 1000, 'lease-over'],
    ['warming', 1001, 'warmed-up'], ['ejected', 1001, 'ejection-over']
  ]
  for (const [state, leaseUntil, reason] of rows) t.equal(reasonOfTime({ node: nodeWith({ leaseUntil }), state }, 1000), reason, `${state}, lease until ${leaseUntil}`)
})
