import type { Node, NodeInfo } from '../../types/node.js'

/** The facts of a node that its writers may change. */
export type WritableNode = { -readonly [K in keyof Node]: Node[K] }

/** A node as it is when it was just heard of. `warmsUp: false`: it gets its full share at once. */
export function createNode (info: NodeInfo, facts: { leaseUntil: number, now: number, warmsUp: boolean }): Node {
  return {
    info,
    inFlight: 0,
    load: null,
    leaseUntil: facts.leaseUntil,
    upSince: facts.warmsUp ? facts.now : -Infinity,
    ejectedUntil: -Infinity,
    failsChecks: false,
    draining: false,
    drainRequested: false
  }
}

/** The one door to changing the facts of a node. Who may use it stands in test/architecture.test.ts. */
export function writable (node: Node): WritableNode {
  return node
}
