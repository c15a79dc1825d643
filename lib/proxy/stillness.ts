import type { Clock } from '../../types/clock.js'

/** Watches that something moves: tells when it has stood still for so long. What moves only leaves its time behind, and no timer is set anew. */
export class Stillness {
  readonly #limitMs: number
  readonly #clock: Pick<Clock, 'now' | 'after'>
  readonly #stands: () => void
  #movedAt: number
  #isPaused = false
  #cancel: () => void

  /** `stands`: called once, unless it ends before. */
  constructor (limitMs: number, clock: Pick<Clock, 'now' | 'after'>, stands: () => void) {
    this.#limitMs = limitMs
    this.#clock = clock
    this.#stands = stands
    this.#movedAt = clock.now()
    this.#cancel = clock.after(limitMs, () => this.#look())
  }

  moved (): void {
    this.#movedAt = this.#clock.now()
  }

  /** It is stopped on purpose: that time does not count. */
  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.moved()
  }

  end (): void {
    this.#cancel()
  }

  #look (): void {
    const leftMs = this.#isPaused ? this.#limitMs : this.#movedAt + this.#limitMs - this.#clock.now()
    if (leftMs <= 0) this.#stands()
    else this.#cancel = this.#clock.after(Math.ceil(leftMs), () => this.#look())
  }
}
