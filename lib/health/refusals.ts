import type { AttemptObserver } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'

/** Reports each node that refused a connection: nothing listens there. */
export function refusals (report: (node: Node) => void): AttemptObserver {
  return {
    settled ({ node }, outcome) {
      if (outcome.kind === 'error' && 'code' in outcome.error && outcome.error.code === 'ECONNREFUSED') report(node)
    }
  }
}
