import type { Clock } from '../../types/clock.js'

/** How long a call of a store may take, ms. */
export const limitMs = 500
/** A timer that is later than this says that this process stood still; then the answer may wait in the socket, ms. */
const lateMs = 100

/** Calls a store and gives up after `limitMs`, whatever the store does. */
export function limited<T> (clock: Pick<Clock, 'now' | 'after'>, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const startedAt = clock.now()
    const giveUp = (): void => reject(new Error(`the store did not answer within ${limitMs} ms`))
    let cancel = clock.after(limitMs, () => {
      if (clock.now() - startedAt < limitMs + lateMs) giveUp()
      else cancel = clock.after(lateMs, giveUp)
    })
    begun(call).finally(() => cancel()).then(resolve, reject)
  })
}

/** What a call throws at once is a rejection as well. */
async function begun<T> (call: () => Promise<T>): Promise<T> {
  return await call()
}
