import type { Clock } from '../../types/clock.js'

/** As many calls as may be under way at once. */
const mostUnderWay = 32
/** What is not urgent waits for others to go out with, ms. */
const gatheringMs = 50

/**
 * What is to be written to a store: of each key the newest only, so that nothing piles up while the store is slow or away. One call at a time for
 * a key, so that none overtakes another.
 */
export class Outbox<T> {
  readonly #send: (value: T) => Promise<unknown>
  readonly #failed: (error: Error) => void
  readonly #clock: Pick<Clock, 'after'>
  readonly #limit: number
  readonly #waiting = new Map<string, T>()
  readonly #underWay = new Set<string>()
  /** The keys whose last call failed. */
  readonly #failing = new Set<string>()
  #isOpen = false
  #cancelGathering: (() => void) | null = null
  #ended: (() => void) | null = null

  /** Begins shut. `failed`: told of each call that failed; it has been shut by then. */
  constructor (send: (value: T) => Promise<unknown>, failed: (error: Error) => void, clock: Pick<Clock, 'after'>, limit: number = 20_000) {
    this.#send = send
    this.#failed = failed
    this.#clock = clock
    this.#limit = limit
  }

  /** What it was given arrives, and nothing is left that did not. */
  get isWorking (): boolean {
    return this.#isOpen && this.#failing.size === 0
  }

  add (key: string, value: T, isUrgent: boolean = true): void {
    if (this.#ended !== null) return
    this.#waiting.delete(key)
    this.#waiting.set(key, value)
    const { value: oldest } = this.#waiting.keys().next()
    if (this.#waiting.size > this.#limit && oldest !== undefined) {
      this.#waiting.delete(oldest)
      this.#failing.delete(oldest)
    }
    if (isUrgent) this.#flush()
    else this.#gather()
  }

  open (): void {
    this.#isOpen = true
    this.#flush()
  }

  shut (): void {
    this.#isOpen = false
  }

  /** Takes nothing any more. Resolves when all that can be written is. */
  end (): Promise<void> {
    this.#cancelGathering?.()
    return new Promise(resolve => {
      this.#ended = resolve
      this.#flush()
    })
  }

  #gather (): void {
    this.#cancelGathering ??= this.#clock.after(gatheringMs, () => {
      this.#cancelGathering = null
      this.#flush()
    })
  }

  #flush (): void {
    for (const [key, value] of this.#isOpen ? this.#waiting : []) {
      if (this.#underWay.size >= mostUnderWay) return
      if (!this.#underWay.has(key)) this.#write(key, value)
    }
    if (this.#underWay.size === 0) this.#ended?.()
  }

  #write (key: string, value: T): void {
    this.#waiting.delete(key)
    this.#underWay.add(key)
    this.#send(value).then(() => {
      this.#failing.delete(key)
      this.#written(key)
    }, (error: Error) => {
      // what was added meanwhile is newer
      if (!this.#waiting.has(key)) this.#waiting.set(key, value)
      this.#failing.add(key)
      this.#isOpen = false
      this.#written(key)
      this.#failed(error)
    })
  }

  #written (key: string): void {
    this.#underWay.delete(key)
    this.#flush()
  }
}
