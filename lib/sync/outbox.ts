/** As many calls as may be under way at once. */
const mostUnderWay = 32

/**
 * What is to be written to a store: of each key the newest only, so that nothing piles up while the store is slow or away. One call at a time for
 * a key, so that none overtakes another.
 */
export class Outbox<T> {
  readonly #send: (value: T) => Promise<unknown>
  readonly #failed: (error: Error) => void
  readonly #limit: number
  readonly #waiting = new Map<string, T>()
  readonly #underWay = new Set<string>()
  #isOpen = false
  #hasFailed = false

  /** Begins shut. `failed`: told of each call that failed; it has been shut by then. */
  constructor (send: (value: T) => Promise<unknown>, failed: (error: Error) => void, limit: number = 20_000) {
    this.#send = send
    this.#failed = failed
    this.#limit = limit
  }

  /** What was last written arrived. */
  get isWorking (): boolean {
    return this.#isOpen && !this.#hasFailed
  }

  add (key: string, value: T): void {
    this.#waiting.delete(key)
    this.#waiting.set(key, value)
    const { value: oldest } = this.#waiting.keys().next()
    if (this.#waiting.size > this.#limit && oldest !== undefined) this.#waiting.delete(oldest)
    this.#flush()
  }

  open (): void {
    this.#isOpen = true
    if (this.#waiting.size === 0) this.#hasFailed = false
    this.#flush()
  }

  shut (): void {
    this.#isOpen = false
  }

  #flush (): void {
    if (!this.#isOpen) return
    for (const [key, value] of this.#waiting) {
      if (this.#underWay.size >= mostUnderWay) return
      if (!this.#underWay.has(key)) this.#write(key, value)
    }
  }

  #write (key: string, value: T): void {
    this.#waiting.delete(key)
    this.#underWay.add(key)
    this.#send(value).then(() => {
      this.#hasFailed = false
      this.#written(key)
    }, (error: Error) => {
      // what was added meanwhile is newer
      if (!this.#waiting.has(key)) this.#waiting.set(key, value)
      this.#hasFailed = true
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
