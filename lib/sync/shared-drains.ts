import { checked } from './checked.js'
import { drainOrderOf } from './drain-order.js'
import type { NodeChange } from '../../types/node.js'
import type { DrainOrder, StoreChanges } from '../../types/store.js'

export interface SharedDrainsParts {
  readonly now: () => number
  readonly wall: () => number
  /** Tells the registry what an operator of another gateway wants. */
  readonly drain: (service: string, id: string, draining: boolean) => boolean
  readonly has: (service: string, id: string) => boolean
  /** Writes an order to the store, sooner or later. */
  readonly put: (key: string, order: DrainOrder) => void
  /** Told of an order that cannot be one. */
  readonly refused: (order: object, error: Error) => void
}

interface Kept {
  readonly order: DrainOrder
  /** When it was made or shown last, or its node was known last. */
  concernedAt: number
}

/** An order is remembered for so long after its node, as stores do it, ms. */
const rememberedMs = 600_000

/** What operators want of nodes, made on one gateway and holding on all: until it is revoked, or the node says goodbye. */
export class SharedDrains {
  readonly #parts: SharedDrainsParts
  readonly #kept = new Map<string, Kept>()

  constructor (parts: SharedDrainsParts) {
    this.#parts = parts
  }

  /** Shares what an operator of this gateway wants. The newest order holds: it counts on from those that are known, and from the time where none is. */
  order (service: string, id: string, draining: boolean): void {
    const key = `${service} ${id}`
    const revision = Math.max((this.#kept.get(key)?.order.revision ?? 0) + 1, this.#parts.wall())
    const order = Object.freeze({ service, id, draining, revision })
    this.#keep(key, order)
    this.#parts.put(key, order)
  }

  /** A node has said goodbye: whoever comes under its id is wanted. */
  left (service: string, id: string): void {
    if (this.#kept.get(`${service} ${id}`)?.order.draining === true) this.order(service, id, false)
  }

  /** A node has come that an order may be waiting for. */
  came ({ service, id }: NodeChange): void {
    if (this.#kept.get(`${service} ${id}`)?.order.draining === true) this.#parts.drain(service, id, true)
  }

  /**
   * Takes in what the store shows, and puts again what it should show: all that is newer, and with a full comparison what holds, so that it is not
   * forgotten. That goes for revocations too: a gateway that was away for long would bring back what they have revoked.
   */
  take ({ drains, complete }: Pick<StoreChanges, 'drains' | 'complete'>): void {
    const shown = new Map(checked(drains, drainOrderOf, this.#parts.refused).map(order => [`${order.service} ${order.id}`, order]))
    for (const [key, order] of shown) {
      if (isNews(order, this.#kept.get(key)?.order)) {
        this.#keep(key, order)
        this.#parts.drain(order.service, order.id, order.draining)
      }
    }
    for (const [key, kept] of this.#kept) this.#compare(key, kept, shown.get(key), complete)
  }

  #compare (key: string, kept: Kept, stored: DrainOrder | undefined, complete: boolean): void {
    const { order } = kept
    const isKnown = this.#parts.has(order.service, order.id)
    const now = this.#parts.now()
    if (isKnown || stored !== undefined) kept.concernedAt = now
    const isWanted = stored === undefined ? isKnown : stored.revision < order.revision || (complete && isKnown)
    if (isWanted) this.#parts.put(key, order)
    else if (now >= kept.concernedAt + rememberedMs) this.#kept.delete(key)
  }

  #keep (key: string, order: DrainOrder): void {
    this.#kept.set(key, { order, concernedAt: this.#parts.now() })
  }
}

/** Of two orders that were made on two gateways at the same instant that one holds which came to the store first. */
function isNews (order: DrainOrder, known: DrainOrder | undefined): boolean {
  if (known === undefined || order.revision > known.revision) return true
  return order.revision === known.revision && order.draining !== known.draining
}
