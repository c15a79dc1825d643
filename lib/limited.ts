import type { Clock } from '../types/clock.js'

/** How long a call of a store may take, ms. */
export const limitMs = 500

/** Gives what `work` gives, or rejects when that takes longer than the limit, whatever it does. `who` is waited for. */
export function limited<T> (clock: Pick<Clock, 'after'>, who: string, work: () => Promise<T>, ms: number = limitMs): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`${who} did not answer within ${ms} ms`))
    // Not at once: where this process stood still, the answer may be waiting in the socket, and timers run before it is read.
    let cancel = clock.after(ms, () => { cancel = clock.after(1, giveUp) })
    begun(who, work).finally(() => cancel()).then(resolve, reject)
  })
}

/** What is thrown at once is a rejection as well, and whatever it is, it becomes an error. */
async function begun<T> (who: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Error ? error : new Error(`${who} failed with ${String(error)}`)
  }
}
