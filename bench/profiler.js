import { Session } from 'node:inspector/promises'

/** Calls by which a gateway profiles itself: `profile()` begins, `profiled()` ends and gives the profile. */
export function profiler () {
  let session
  return {
    async profile () {
      session = new Session()
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 200 })
      await session.post('Profiler.start')
    },
    async profiled () {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return profile
    }
  }
}
