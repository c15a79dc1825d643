import type { Random } from '../../types/clock.js'

/** The seed of the statistical tests. Say it in their messages, so that a failure can be run again. */
export const fixedSeed = 20_260_917

/** A source of chance that gives the same numbers for the same seed (mulberry32). */
export function seeded (seed: number = fixedSeed): Random {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
