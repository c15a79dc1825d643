/** A source of chance of its own for each purpose: the same seed and purpose give the same numbers, whatever the others draw (mulberry32). */
export function chance (seed, purpose) {
  let state = [...`${seed} ${purpose}`].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 0x01000193), 0x811C9DC5)
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
