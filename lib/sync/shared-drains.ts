import type { NodeChange } from '../../types/node.js'
import type { DrainOrder, StoreChanges } from '../../types/store.js'

export interface SharedDrainsParts {
  readonly wall: () => number
  /** Tells the registry what an operator of another gateway wants. */
  readonly drain: (service: string, id: string, draining: boolean) => boolean
  readonly has: (service: string, id: string) => boolean
  /** Writes an order to the store, sooner or later. */
  readonly put: (key: string, order: DrainOrder) => void
}

/** What operators want of nodes, made on one gateway and holding on all: until it is revoked, or the node says goodbye. */
export class SharedDrains {
  readonly #parts: SharedDrainsParts
  readonly #orders = new Map<string, DrainOrder>()

  constructor (parts: SharedDrainsParts) {
    this.#parts = parts
  }

  /** Shares what an operator of this gateway wants. The newest order holds: it counts on from those that are known, and from the time where none is. */
  order (service: string, id: string, draining: boolean): void {
    const key = `${service} ${id}`
    const revision = Math.max((this.#orders.get(key)?.revision ?? 0) + 1, this.#parts.wall())
    const order = { service, id, draining, revision }
    this.#orders.set(key, order)
    this.#parts.put(key, order)
  }

  /** A node has said goodbye: whoever comes under its id is wanted. */
  left (service: string, id: string): void {
    if (this.#orders.get(`${service} ${id}`)?.draining === true) this.order(service, id, false)
  }

  /** A node has come that an order may be waiting for. */
  came ({ service, id }: NodeChange): void {
    if (this.#orders.get(`${service} ${id}`)?.draining === true) this.#parts.drain(service, id, true)
  }

  /** Takes in what the store shows, and puts again what it should show: all that is newer, and with a full comparison what holds, so that it is not forgotten. */
  take ({ drains, complete }: Pick<StoreChanges, 'drains' | 'complete'>): void {
    const shown = new Map(drains.map(order => [`${order.service} ${order.id}`, order]))
    for (const [key, order] of shown) {
      if (order.revision <= (this.#orders.get(key)?.revision ?? 0)) continue
      this.#orders.set(key, order)
      this.#parts.drain(order.service, order.id, order.draining)
    }
    for (const [key, order] of this.#orders) {
      const isKnown = this.#parts.has(order.service, order.id)
      const stored = shown.get(key)
      if (stored === undefined ? order.draining && isKnown : stored.revision < order.revision || (complete && order.draining && isKnown)) this.#parts.put(key, order)
      else if (stored === undefined && complete) this.#orders.delete(key)
    }
  }
}
