import type { Node, NodeState } from '../../types/node.js'

/** The state of a node, derived from its facts. The order of the lines is the precedence, and it stands nowhere else. */
export function stateOf (node: Node, now: number, slowStartMs: number): NodeState {
  if (now >= node.leaseUntil) return 'expired'
  if (node.draining || node.drainRequested) return 'draining'
  if (now < node.ejectedUntil || node.failsChecks) return 'ejected'
  if (now < node.upSince + slowStartMs) return 'warming'
  return 'up'
}
