import { promises as dns } from 'node:dns'
import { isIPv6 } from 'node:net'
import type { DiscoverOptions } from '../../types/service.js'

/** Where nodes are, by the newest answer. */
export interface Answer {
  readonly nodes: ReadonlyArray<{ readonly origin: string, readonly weight: number }>
  /** How long the answer holds, ms. */
  readonly ttlMs: number
}

interface Addresses { readonly addresses: readonly string[], readonly ttlMs: number }

/** How long an answer holds that comes without a time, ms: the system's own look-up does. */
const untimedMs = 5000
const mostWeight = 1000

/** Asks DNS where the nodes of a service are. Rejects when there is no answer, and when it names nobody. */
export async function resolveNodes (what: DiscoverOptions): Promise<Answer> {
  const resolver = new dns.Resolver({ timeout: 1000, tries: 2 })
  if (what.servers !== undefined) resolver.setServers(what.servers)
  const scheme = what.scheme ?? 'http'
  if ('a' in what) {
    const { addresses, ttlMs } = await addressesOf(resolver, what.a, what)
    return { nodes: addresses.map(address => ({ origin: originOf(scheme, address, what.port), weight: 1 })), ttlMs }
  }
  const records = await resolver.resolveSrv(what.srv)
  // the others are for when none of these is left (RFC 2782), and that is not known here
  const priority = Math.min(...records.map(record => record.priority))
  const targets = await Promise.all(records.filter(record => record.priority === priority).map(async record =>
    ({ ...record, ...await addressesOf(resolver, record.name, what) })))
  return {
    nodes: targets.flatMap(({ addresses, port, weight }) =>
      addresses.map(address => ({ origin: originOf(scheme, address, port), weight: Math.min(mostWeight, Math.max(1, weight)) }))),
    ttlMs: Math.min(...targets.map(({ ttlMs }) => ttlMs))
  }
}

/**
 * IPv4 before IPv6: a node that has both is one. Names that only the system knows, as by its search domains, are asked of the system. The next is
 * asked only where there is nothing: a server that fails would exchange all nodes for others.
 */
async function addressesOf (resolver: dns.Resolver, name: string, { servers }: DiscoverOptions): Promise<Addresses> {
  try {
    return timed(await resolver.resolve4(name, { ttl: true }).catch(unlessAbsent(() => resolver.resolve6(name, { ttl: true }))))
  } catch (error) {
    if (servers !== undefined) throw error
    const known = await unlessAbsent(() => dns.lookup(name, { all: true }))(error)
    return { addresses: known.map(({ address }) => address), ttlMs: untimedMs }
  }
}

/** Goes on with `next` where an answer said that there is no such name, or no such record; any other error stands. */
function unlessAbsent<T> (next: () => Promise<T>): (error: unknown) => Promise<T> {
  return async error => {
    if (error instanceof Error && 'code' in error && (error.code === dns.NOTFOUND || error.code === dns.NODATA)) return await next()
    throw error
  }
}

function timed (records: ReadonlyArray<{ address: string, ttl: number }>): Addresses {
  return { addresses: records.map(({ address }) => address), ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000 }
}

function originOf (scheme: string, address: string, port: number): string {
  return new URL(`${scheme}://${isIPv6(address) ? `[${address}]` : address}:${port}`).origin
}
