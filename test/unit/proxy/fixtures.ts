import { createNode } from '../../../lib/node/node.js'
import { nodeInfoOf } from '../../../lib/node/info.js'
import type { Node, NodeInfo } from '../../../types/node.js'
import type { Candidate } from '../../../types/strategy.js'

/** A node of the service `things` that is up. */
export function nodeWith (id: string, info: Partial<NodeInfo> = {}): Node {
  return createNode(nodeInfoOf({ service: 'things', origin: `http://${id}.example:80`, id, ...info }, 'info'), { leaseUntil: Infinity, now: 0, warmsUp: false })
}

export function candidatesOf (...nodes: Node[]): Candidate[] {
  return nodes.map(node => ({ node, weight: 1 }))
}
