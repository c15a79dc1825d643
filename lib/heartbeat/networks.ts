import { BlockList, isIP } from 'node:net'

/** Whether an address, in its plain form, lies in one of some networks. */
export type Networks = (address: string) => boolean

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** The networks that are written in `cidrs`: `10.0.0.0/8`, or an address alone. What is not in that form is left out; `isNetwork` tells. */
export function networksOf (cidrs: readonly string[]): Networks {
  // One list per family: a BlockList counts every IPv4 address as part of ::/0.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of cidrs.map(networkOf)) {
    if (network !== null) lists[network.family].addSubnet(network.address, network.prefix, network.family)
  }
  return address => {
    const family = familyOf(address)
    return family !== null && lists[family].check(address, family)
  }
}

/** Whether a text is a network as `networksOf` takes it. */
export function isNetwork (cidr: string): boolean {
  return networkOf(cidr) !== null
}

function networkOf (cidr: string): Network | null {
  const [address = '', length, ...more] = cidr.split('/')
  const family = familyOf(address)
  if (family === null || more.length > 0 || address.includes('%')) return null
  const longest = family === 'ipv4' ? 32 : 128
  if (length === undefined) return { address, prefix: longest, family }
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Infinity
  return prefix <= longest ? { address, prefix, family } : null
}

function familyOf (address: string): Network['family'] | null {
  const version = isIP(address)
  if (version === 0) return null
  return version === 4 ? 'ipv4' : 'ipv6'
}
