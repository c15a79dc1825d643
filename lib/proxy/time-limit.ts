/** How far an attempt has come. */
export interface Progress {
  /** The request's head may have left this process. */
  readonly wasSent: boolean
  readonly elapsedMs: number
  /** Until the deadline of the whole request. */
  readonly leftMs: number
}

/** The limit of time that an attempt has reached, as the failure that it is; or how long until it reaches the next. */
export type TimeLimit = { readonly failure: 'connect' | 'timeout' | 'deadline' } | { readonly failure: null, readonly afterMs: number }

/** Judges the limits of an attempt: for connecting, until its response head (connecting included), and the request's deadline. An attempt has one timer, for whichever is next. */
export function timeLimitOf ({ wasSent, elapsedMs, leftMs }: Progress, connectTimeoutMs: number, attemptTimeoutMs: number): TimeLimit {
  const limitMs = wasSent ? attemptTimeoutMs : Math.min(connectTimeoutMs, attemptTimeoutMs)
  if (leftMs <= 0) return { failure: 'deadline' }
  if (elapsedMs >= limitMs) return { failure: wasSent ? 'timeout' : 'connect' }
  return { failure: null, afterMs: Math.ceil(Math.min(limitMs - elapsedMs, leftMs)) }
}
