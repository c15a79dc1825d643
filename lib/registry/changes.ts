import type { Node, NodeChange } from '../../types/node.js'

interface Subscription<T> { readonly listener: (value: T) => unknown }

/**
 * Who is told when nodes come, change and go. What happened is noted, and told by `deliver` once the registry is whole again: so every
 * listener hears everything in order, also when one of them changes the registry. A listener that throws stops neither the others nor the registry.
 */
export class Changes {
  readonly #onChange = new Set<Subscription<NodeChange>>()
  readonly #onGone = new Set<Subscription<Node>>()
  readonly #untold: Array<() => void> = []
  #isDelivering = false

  /** Calls `listener` at every transition. Returns the function that ends it. */
  onChange (listener: (change: NodeChange) => void): () => void {
    return subscribe(this.#onChange, listener)
  }

  /** Calls `listener` whenever a node is no longer known, also when a new process took its place. Returns the function that ends it. */
  onGone (listener: (node: Node) => void): () => void {
    return subscribe(this.#onGone, listener)
  }

  changed (change: NodeChange): void {
    Object.freeze(change)
    this.#untold.push(() => tell(this.#onChange, change))
  }

  gone (node: Node): void {
    this.#untold.push(() => tell(this.#onGone, node))
  }

  /** Tells what was noted. What listeners bring about meanwhile is told after it. */
  deliver (): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    for (const telling of this.#untold) telling()
    this.#untold.length = 0
    this.#isDelivering = false
  }
}

/** Each subscription stands for itself, also when the same function is given twice. */
function subscribe<T> (subscriptions: Set<Subscription<T>>, listener: (value: T) => unknown): () => void {
  const subscription = { listener }
  subscriptions.add(subscription)
  return () => { subscriptions.delete(subscription) }
}

/** Those who subscribe during the call hear the next one; those who leave during the call hear no more. */
function tell<T> (subscriptions: ReadonlySet<Subscription<T>>, value: T): void {
  for (const subscription of [...subscriptions]) {
    if (!subscriptions.has(subscription)) continue
    try {
      const result = subscription.listener(value)
      if (result instanceof Promise) result.catch(report)
    } catch (error) {
      report(error)
    }
  }
}

/** The registry has no log, and the mistake of a listener must not end the gateway. */
function report (error: unknown): void {
  const detail = error instanceof Error ? String(error.stack) : `it threw a ${typeof error}`
  process.emitWarning('A listener of the registry threw', { type: 'FastifyBalanceWarning', code: 'FST_BALANCE_LISTENER', detail })
}
