/** The seed of every run. */
const seed = 20_260_917

/**
 * A number from 0 to 1 that depends on nothing but the text: what chance has for a request is then the same whichever proxy, node or
 * attempt it is, and the proxies are compared under the very same load.
 */
export function chance (text) {
  let hash = 0x811C9DC5 ^ seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  // The finish of MurmurHash3: ids that differ by one character only must give unrelated numbers.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85EBCA6B)
  hash = Math.imul(hash ^ (hash >>> 13), 0xC2B2AE35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
