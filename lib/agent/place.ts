import { isIPv6 } from 'node:net'
import { plainAddress } from '../peer.js'

/** An address that the server listens on, as `app.addresses()` gives it. */
export interface Binding {
  readonly address: string
  readonly port: number
}

/** What the server listens on. */
export interface Listener {
  readonly bindings: readonly Binding[]
  /** It speaks TLS. */
  readonly secure: boolean
}

/** Where a heartbeat says that its node is: an origin, or a port at the address that the gateway sees. */
export type Place = { readonly origin: string } | { readonly port: number }

/**
 * Where this node is to be reached by a gateway. `localAddress` is this end of the connection to it: the address that the gateway sees,
 * unless something between translates addresses.
 *
 * - A specific address is announced as it is, also a loopback one to a gateway on another machine: that gateway refuses it, and says so.
 *   Announcing the port alone would register an address where nobody listens.
 * - Of several (`localhost` is two) the one that the gateway has reached us by, else one of its family.
 * - A wildcard address: the port, for the gateway knows the address better. An origin only where the port does not do: with TLS, and when
 *   the server listens on IPv4 alone and the gateway sees `::1`.
 *
 * null: it listens on no port.
 */
export function placeOf (listener: Listener, localAddress: string): Place | null {
  const { bindings, secure } = listener
  const local = plainAddress(localAddress)
  const specific = bindings.filter(binding => !isWildcard(binding))
  const binding = specific.find(({ address }) => address === local) ?? specific.find(({ address }) => isIPv6(address) === isIPv6(local)) ?? specific[0]
  if (binding !== undefined) return { origin: originOf(secure, binding.address, binding.port) }
  const [wildcard] = bindings
  if (wildcard === undefined) return null
  const isMissed = isIPv4Only(listener) && local === '::1'
  const seen = isMissed ? '127.0.0.1' : local
  return secure || isMissed ? { origin: originOf(secure, seen, wildcard.port) } : { port: wildcard.port }
}

/** It listens on the IPv4 wildcard, and on nothing else. */
export function isIPv4Only ({ bindings }: Listener): boolean {
  return bindings.length > 0 && bindings.every(({ address }) => address === '0.0.0.0')
}

function isWildcard ({ address }: Binding): boolean {
  return address === '0.0.0.0' || address === '::'
}

function originOf (secure: boolean, address: string, port: number): string {
  const host = isIPv6(address) ? `[${address}]` : address
  return new URL(`${secure ? 'https' : 'http'}://${host}:${port}`).origin
}
