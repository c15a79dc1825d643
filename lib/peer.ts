import { isIPv4, isIPv6 } from 'node:net'

/** What is read of a request to know its peer. */
export interface PeerRequest {
  readonly raw: {
    readonly socket: { readonly remoteAddress?: string | undefined }
    readonly headers: Readonly<Record<string, unknown>>
  }
}

/** Headers by which a proxy says that the connection is its own and the request another's. */
const proxyHeader = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/

/**
 * Whether a request comes from a process of this machine itself. Judged by the connection, never by what a header claims; a request
 * that came through a proxy on this machine does not count.
 */
export function isLoopbackPeer (request: PeerRequest): boolean {
  const address = peerAddressOf(request)
  return address !== null && isLoopback(address) && !Object.keys(request.raw.headers).some(name => proxyHeader.test(name))
}

/** The address at the other end of the connection, in its plain form. null: it has none, as with a Unix socket. */
export function peerAddressOf (request: PeerRequest): string | null {
  const { remoteAddress } = request.raw.socket
  return remoteAddress === undefined || remoteAddress === '' ? null : plainAddress(remoteAddress)
}

/** An IP address in the one form in which addresses are compared: IPv4-mapped IPv6 as IPv4, other IPv6 shortened (RFC 5952), without zone id. */
export function plainAddress (address: string): string {
  const bare = address.replace(/%.*$/, '')
  if (!isIPv6(bare)) return bare
  const shortened = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(shortened)
  if (mapped === null) return shortened
  const [high, low] = mapped.slice(1).map(half => Number.parseInt(half, 16))
  return [high, low].flatMap((half = 0) => [half >> 8, half & 255]).join('.')
}

/** Whether a plain address is one of the loopback interface. */
export function isLoopback (address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}
