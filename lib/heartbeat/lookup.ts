import { lookup } from 'node:dns/promises'
import type { Clock } from '../../types/clock.js'

/** The addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

/** How long an answer is taken for true. */
export const answerMs = 30_000
const mostNames = 1000

/** Asks the system, `/etc/hosts` included. */
export const systemLookup: Lookup = async hostname => (await lookup(hostname, { all: true })).map(({ address }) => address)

/**
 * Keeps a lookup from being asked at every heartbeat. An answer serves for 30 seconds, and on as long as asking fails: a name server
 * that is down must not cost nodes their leases. At most 1000 names are remembered.
 */
export function rememberedLookup (ask: Lookup, clock: Pick<Clock, 'now'>): Lookup {
  const answers = new Map<string, { readonly askedAt: number, readonly addresses: Promise<readonly string[]> }>()

  return hostname => {
    const now = clock.now()
    const known = answers.get(hostname)
    if (known !== undefined && now - known.askedAt < answerMs) return known.addresses
    const addresses = ask(hostname).catch((error: unknown) => {
      if (known !== undefined) return known.addresses
      answers.delete(hostname)
      throw error
    })
    answers.delete(hostname)
    answers.set(hostname, { askedAt: now, addresses })
    for (const oldest of answers.keys()) {
      if (answers.size <= mostNames) break
      answers.delete(oldest)
    }
    return addresses
  }
}
