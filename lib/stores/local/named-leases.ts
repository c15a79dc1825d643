import type { Clock } from '../../../types/clock.js'

/** Leases by name, each with one owner at a time and a token that rises from owner to owner. */
export class NamedLeases {
  readonly #held = new Map<string, { readonly owner: string, readonly token: number, readonly until: number }>()
  readonly #clock: Pick<Clock, 'now' | 'wall'>
  #lastToken = 0

  constructor (clock: Pick<Clock, 'now' | 'wall'>) {
    this.#clock = clock
  }

  /** Gives the lease to its owner, or lengthens it. undefined: another has it. */
  take (name: string, owner: string, ttlMs: number): { readonly token: number, readonly isNew: boolean } | undefined {
    const now = this.#clock.now()
    const kept = this.#held.get(name)
    const isHeld = kept !== undefined && now < kept.until
    if (isHeld && kept.owner !== owner) return undefined
    const token = isHeld ? kept.token : this.#nextToken()
    this.#held.set(name, { owner, token, until: now + ttlMs })
    return { token, isNew: !isHeld }
  }

  /** Returns whether that owner had it. */
  release (name: string, owner: string): boolean {
    return this.#held.get(name)?.owner === owner && this.#held.delete(name)
  }

  sweep (now: number): void {
    for (const [name, { until }] of this.#held) {
      if (until <= now) this.#held.delete(name)
    }
  }

  /** The wall clock carries it over the death of a hub: one that comes after knows no token of before. */
  #nextToken (): number {
    this.#lastToken = Math.max(this.#lastToken + 1, Math.floor(this.#clock.wall()))
    return this.#lastToken
  }
}
