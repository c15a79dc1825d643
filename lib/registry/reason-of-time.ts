import type { Entry } from './service-nodes.js'
import type { ChangeReason } from '../../types/node.js'

/** Why time alone has given a node another state than the last that was announced of it. */
export function reasonOfTime ({ node, state }: Pick<Entry, 'node' | 'state'>, now: number): ChangeReason {
  if (now >= node.leaseUntil) return 'lease-over'
  return state === 'warming' ? 'warmed-up' : 'ejection-over'
}
