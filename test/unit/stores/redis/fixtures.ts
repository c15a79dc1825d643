import type { Connection, Driver, Script } from '../../../../lib/stores/redis/connection.js'

/** What a fake connection was asked, to be settled by hand. */
export interface FakeConnection {
  /** The connect, then what was asked on it. */
  readonly calls: Array<{ resolve (value?: unknown): void, reject (error: Error): void }>
  readonly lost: (error: Error) => void
  hear (message: string): void
  ends: number
}

/** Makes connections of which every call waits until the test settles it. */
export function fakeDriver (): { driver: Driver, made: FakeConnection[] } {
  const made: FakeConnection[] = []
  const driver: Driver = lost => {
    const fake: FakeConnection = { calls: [], lost, hear: () => {}, ends: 0 }
    made.push(fake)
    const call = (): Promise<unknown> => new Promise((resolve, reject) => fake.calls.push({ resolve, reject }))
    const connection: Connection = {
      connect: call,
      run: call,
      subscribe (_channel, listener) {
        fake.hear = listener
        return call()
      },
      end: () => { fake.ends++ }
    }
    return connection
  }
  return { driver, made }
}

export const script: Script = { lua: 'return 1', sha: 'sha' }
