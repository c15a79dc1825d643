/** How many nonces are remembered per key; beyond it the oldest give way. 120 seconds of more than 800 heartbeats a second. */
export const mostNonces = 100_000

/**
 * Tells whether a nonce was used before, so that a recorded heartbeat cannot be sent again. Bounded in time and number; only what came
 * with a right signature may reach it, or anybody could fill it.
 */
export class Nonces {
  readonly #rememberMs: number
  /** When each was used, oldest first, by key id. */
  readonly #usedAt = new Map<string, Map<string, number>>()

  constructor (rememberMs: number) {
    this.#rememberMs = rememberMs
  }

  /** How many are remembered of a key. */
  size (keyId: string): number {
    return this.#usedAt.get(keyId)?.size ?? 0
  }

  /** Remembers a nonce. False: it was used before. */
  use (keyId: string, nonce: string, now: number): boolean {
    const usedAt = this.#of(keyId)
    this.#forget(usedAt, now)
    if (usedAt.has(nonce)) return false
    usedAt.set(nonce, now)
    return true
  }

  #of (keyId: string): Map<string, number> {
    const known = this.#usedAt.get(keyId)
    if (known !== undefined) return known
    const usedAt = new Map<string, number>()
    this.#usedAt.set(keyId, usedAt)
    return usedAt
  }

  #forget (usedAt: Map<string, number>, now: number): void {
    for (const [nonce, at] of usedAt) {
      if (now - at <= this.#rememberMs && usedAt.size < mostNonces) return
      usedAt.delete(nonce)
    }
  }
}
