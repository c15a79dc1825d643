import type { Node, NodeChange } from '../../types/node.js'

/** Who is told when nodes come, change and go. */
export class Changes {
  readonly #onChange = new Set<(change: NodeChange) => void>()
  readonly #onGone = new Set<(node: Node) => void>()

  /** Calls `listener` at every transition. Returns the function that ends it. */
  onChange (listener: (change: NodeChange) => void): () => void {
    this.#onChange.add(listener)
    return () => this.#onChange.delete(listener)
  }

  /** Calls `listener` whenever a node is no longer known, also when a new process took its place. Returns the function that ends it. */
  onGone (listener: (node: Node) => void): () => void {
    this.#onGone.add(listener)
    return () => this.#onGone.delete(listener)
  }

  changed (change: NodeChange): void {
    for (const listener of this.#onChange) listener(Object.freeze(change))
  }

  gone (node: Node): void {
    for (const listener of this.#onGone) listener(node)
  }
}
