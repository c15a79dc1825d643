import { writable } from '../node/node.js'
import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'

/** One try at one node, in flight from its making to its settling. */
export class RunningAttempt implements Attempt {
  readonly node: Node
  readonly number: number
  readonly startedAt: number
  latencyMs: number | null = null
  isUploading: boolean
  readonly #observers: readonly AttemptObserver[]
  #isSettled = false

  constructor (node: Node, number: number, startedAt: number, observers: readonly AttemptObserver[], isUploading: boolean = false) {
    this.isUploading = isUploading
    this.node = node
    this.number = number
    this.startedAt = startedAt
    this.#observers = observers
    writable(node).inFlight++
    try {
      for (const observer of observers) observer.started?.(this)
    } catch (error) {
      // nobody gets hold of an attempt whose making throws
      this.settle({ kind: 'aborted', elapsedMs: 0 })
      throw error
    }
  }

  /** The client has sent the whole body. */
  uploaded (): void {
    if (!this.isUploading || this.#isSettled) return
    this.isUploading = false
    for (const observer of this.#observers) observer.uploaded?.(this)
  }

  /** The response head is here. */
  respond (outcome: Outcome): void {
    this.latencyMs = outcome.kind === 'response' ? outcome.latencyMs : outcome.elapsedMs
    for (const observer of this.#observers) observer.responded?.(this, outcome)
  }

  /** Ends the attempt and tells everyone, once; later calls do nothing. The only place where in flight falls. */
  settle (outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    writable(this.node).inFlight--
    for (const observer of this.#observers) observer.settled?.(this, outcome)
  }
}
