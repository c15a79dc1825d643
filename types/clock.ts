/** Time, given out in one place so that logic can be tested without waiting. */
export interface Clock {
  /** Monotonic milliseconds. Never stored, never sent to another process. */
  now (): number
  /** Milliseconds since 1970. Only for people (`startedAt`) and for signatures; never compared with another machine's to judge liveness. */
  wall (): number
  /** Runs `task` once after `delayMs` without keeping the process alive. Returns the function that cancels it. */
  after (delayMs: number, task: () => void): () => void
  /** Runs `task` every `periodMs` without keeping the process alive. Returns the function that stops it. */
  every (periodMs: number, task: () => void): () => void
  /** Runs `task` once when everything that this turn of the event loop has brought is dealt with. */
  atTurnEnd (task: () => void): void
}

/** A number in [0, 1), as `Math.random` gives. */
export type Random = () => number
