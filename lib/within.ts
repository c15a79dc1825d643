import type { Clock } from '../types/clock.js'

/** Waits for `work`, at most `limitMs`. It never rejects: whoever waits this way goes on in any case. */
export function within (clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(limitMs, resolve)
    const end = (): void => {
      cancel()
      resolve()
    }
    work.then(end, end)
  })
}
