import type { CheckRules } from './active-checks.js'
import type { Node, NodeChange } from '../../types/node.js'

/** Where nodes come, change and go. */
export interface WatchedNodes {
  node (service: string, id: string): Node | undefined
  onChange (listener: (change: NodeChange) => void): () => void
  /** Told also of a node in whose place a new process stands. */
  onGone (listener: (node: Node) => void): () => void
}

/** What checks nodes. */
export interface NodeChecks {
  watch (node: Node, rules: CheckRules): void
  forget (node: Node): void
}

/** Has each node without lease checked for as long as it stands, by the rules of its service; false: it has none. */
export function watchNodes (nodes: WatchedNodes, checks: NodeChecks, rulesOf: (service: string) => CheckRules | false): void {
  const watch = (service: string, id: string): void => {
    const rules = rulesOf(service)
    const node = nodes.node(service, id)
    if (rules !== false && node?.leaseUntil === Infinity) checks.watch(node, rules)
  }
  nodes.onChange(({ service, id }) => watch(service, id))
  nodes.onGone(node => {
    checks.forget(node)
    // A new process in its place is another node, and need not have changed the state.
    watch(node.info.service, node.info.id)
  })
}
