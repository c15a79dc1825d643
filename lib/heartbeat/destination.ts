import { isIP } from 'node:net'
import { HeartbeatForbiddenError } from '../errors.js'
import { originOf } from '../node/info.js'
import { plainAddress } from '../peer.js'
import { refusalOf } from './address.js'
import type { AddressPolicy, Sender } from './address.js'
import type { Lookup } from './lookup.js'
import type { CheckedBody } from './schema.js'

/** Where a node is reached, checked. */
export interface Destination {
  readonly origin: string
  /** The address to dial when the origin has a host name; null: the host of the origin. */
  readonly address: string | null
}

export interface DestinationRules extends AddressPolicy {
  readonly lookup: Lookup
}

/** Where the sender of a heartbeat wants to be reached. Throws a 403 for an address that may not be registered. */
export async function destinationOf (body: CheckedBody, sender: Sender, rules: DestinationRules): Promise<Destination> {
  const url = urlOf(body, sender)
  const port = url.port === '' ? defaultPort(url) : Number(url.port)
  const host = url.hostname.replace(/[[\]]/g, '')
  if (isIP(host) === 0) return { origin: url.origin, address: await addressOf(host, port, sender, rules) }
  const address = plainAddress(host)
  admit({ address, port, byAllowedName: false }, sender, rules)
  return { origin: originAt(`${url.protocol}//`, address, url.port), address: null }
}

function urlOf ({ origin, port }: CheckedBody, sender: Sender): URL {
  if (origin === undefined) {
    if (sender.address === null) throw new HeartbeatForbiddenError('the connection has no address to go with the port: give an origin')
    return new URL(originAt('http://', sender.address, String(port)))
  }
  try {
    return new URL(originOf(origin, 'origin'))
  } catch {
    throw new HeartbeatForbiddenError('an origin is http or https, a host and a port, without path, query, fragment or user')
  }
}

/** The one address of a host name that is dialled from now on, so that no later answer of the name can lead elsewhere (DNS rebinding). */
async function addressOf (host: string, port: number, sender: Sender, rules: DestinationRules): Promise<string> {
  const isListed = rules.allow.hosts.some(entry => entry.startsWith('.') ? host.endsWith(entry) : host === entry)
  if (!isListed) throw new HeartbeatForbiddenError(`the host name '${host}' is not in heartbeat.allow.hosts: give an address, or only the port`)
  const addresses = (await answered(host, rules.lookup)).map(plainAddress)
  for (const address of addresses) admit({ address, port, byAllowedName: true }, sender, rules)
  const chosen = addresses.find(address => address === sender.address) ?? addresses[0]
  if (chosen === undefined) throw new HeartbeatForbiddenError(`the host name '${host}' has no address`)
  return chosen
}

async function answered (host: string, lookup: Lookup): Promise<readonly string[]> {
  try {
    return await lookup(host)
  } catch (cause) {
    throw Object.assign(new HeartbeatForbiddenError(`the host name '${host}' cannot be resolved`), { cause })
  }
}

function admit (target: Parameters<typeof refusalOf>[0], sender: Sender, policy: AddressPolicy): void {
  const refusal = refusalOf(target, sender, policy)
  if (refusal !== null) throw new HeartbeatForbiddenError(refusal)
}

function originAt (scheme: string, address: string, port: string): string {
  return `${scheme}${address.includes(':') ? `[${address}]` : address}${port === '' ? '' : `:${port}`}`
}

function defaultPort ({ protocol }: URL): number {
  return protocol === 'https:' ? 443 : 80
}
