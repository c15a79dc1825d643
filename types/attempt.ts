import type { Node } from './node.js'

/** One try at one node. */
export interface Attempt {
  readonly node: Node
  /** 1 for the first try of a request. */
  readonly number: number
  /** Monotonic milliseconds. */
  readonly startedAt: number
  /** From the start to the response head, ms; null: it is not here, or never came. */
  readonly latencyMs: number | null
  /** The client has not sent all of the body yet, so the node need not have answered. Default false. */
  readonly isUploading?: boolean
}

/** How an attempt ended, seen from the node's side. Its time is `attempt.startedAt` plus its `latencyMs` or `elapsedMs`. */
export type Outcome =
  /** The node answered. `latencyMs`: from the start of the attempt to the response head. */
  | { readonly kind: 'response', readonly statusCode: number, readonly latencyMs: number, readonly retryAfterMs?: number }
  /** The node failed. `sent: false`: no byte of the request left this process. */
  | { readonly kind: 'error', readonly error: Error, readonly sent: boolean, readonly elapsedMs: number }
  /** It says nothing about the node: the client left, or the client's request was at fault. */
  | { readonly kind: 'aborted', readonly elapsedMs: number }

/** Everything that learns from traffic implements this: strategies, detectors, metrics. */
export interface AttemptObserver {
  started? (attempt: Attempt): void
  /** The client has sent the rest of the body of an attempt that was uploading when it started. */
  uploaded? (attempt: Attempt): void
  /** The response head is here: the latency is known, the attempt is still in flight. */
  responded? (attempt: Attempt, outcome: Outcome): void
  /** Exactly once per started attempt, at the very end. */
  settled? (attempt: Attempt, outcome: Outcome): void
}
