import type { AttemptObserver } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'

/** Who is told of nodes that got a request although their lease is over. */
export interface ExpiredNodes {
  /** Nothing listens there any more. */
  refused (node: Node): void
  /** It has answered. */
  answered (node: Node): void
}

/** Tells what became of requests to nodes whose lease is over: whether a silent node is gone, or only its heartbeats are. */
export function expiredNodes (told: ExpiredNodes): AttemptObserver {
  return {
    settled ({ node, startedAt }, outcome) {
      if (outcome.kind === 'response' && startedAt + outcome.latencyMs >= node.leaseUntil) told.answered(node)
      if (outcome.kind === 'error' && 'code' in outcome.error && outcome.error.code === 'ECONNREFUSED') told.refused(node)
    }
  }
}
