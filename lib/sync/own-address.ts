import type { NetworkInterfaceInfo } from 'node:os'

/** Where a server listens. */
export interface Binding { readonly address: string, readonly family: string, readonly port: number }

/** Where agents reach a gateway that listens there: at its address, or, where it listens on all, at the machine's first that others may reach. null: it listens on no port, or where no URL leads. */
export function ownAddressOf (bindings: readonly Binding[], interfaces: ReadonlyArray<Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>>, isSecure: boolean): string | null {
  const [binding] = bindings.toSorted((one, other) => rankOf(one) - rankOf(other))
  if (binding === undefined) return null
  const { address, family, port } = binding
  const host = isWildcard(address) ? hostOf(family, interfaces) : address
  const url = `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return URL.canParse(url) ? new URL(url).origin : null
}

function isWildcard (address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** A server on `localhost` listens on two addresses of a machine: the older family is understood by all. */
function rankOf ({ family }: Binding): number {
  return family === 'IPv4' ? 0 : 1
}

/** A socket on `::` takes IPv4 as well. */
function hostOf (family: string, interfaces: ReadonlyArray<Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>>): string {
  const external = interfaces.filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address))
  const found = external.find(each => each.family === 'IPv4') ?? (family === 'IPv6' ? external[0] : undefined)
  return found?.address ?? '127.0.0.1'
}
