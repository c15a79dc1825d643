import type { Clock } from '../../../types/clock.js'

/** How long Redis may take to connect or to answer, ms. */
export const limitMs = 500

/** Gives what `work` gives, or rejects when that takes longer than the limit. */
export function limited<T> (clock: Pick<Clock, 'after'>, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`Redis did not answer within ${limitMs} ms`))
    // Not at once: where this process stood still, the answer may be waiting in the socket, and timers run before it is read.
    let cancel = clock.after(limitMs, () => { cancel = clock.after(1, giveUp) })
    work.then(value => {
      cancel()
      resolve(value)
    }, error => {
      cancel()
      reject(error)
    })
  })
}
