import { networksOf } from './networks.js'
import { isLoopback } from '../peer.js'
import type { Networks } from './networks.js'
import type { AllowedAddresses } from './options.js'

/** Who sent a heartbeat, judged by the connection alone. */
export interface Sender {
  /** In its plain form; null: the connection has none. */
  readonly address: string | null
  /** It is a process of this machine, not a proxy on it. */
  readonly isLoopback: boolean
}

/** This gateway's own addresses. */
export interface OwnAddresses {
  /** Where it listens, as `ip:port`. */
  readonly listening: () => readonly string[]
  /** Whether an address is one of this machine's interfaces. */
  readonly isLocal: (address: string) => boolean
}

export interface AddressPolicy {
  readonly allow: AllowedAddresses
  readonly own: OwnAddresses
}

/** An address that a sender wants the gateway to connect to. */
export interface Target {
  /** In its plain form. */
  readonly address: string
  readonly port: number
  /** It was found by a host name that the options allow. */
  readonly byAllowedName: boolean
}

/** No option allows these. Those that carry an IPv4 address inside (compatible, NAT64, 6to4) would be a way around the rest. */
const neverAllowed: ReadonlyArray<readonly [kind: string, networks: Networks]> = [
  ['an unspecified', networksOf(['0.0.0.0/8', '::'])],
  ['a multicast', networksOf(['224.0.0.0/4', 'ff00::/8'])],
  ['the broadcast', networksOf(['255.255.255.255'])],
  // Cloud metadata is served here; that of AWS over IPv6 at fd00:ec2::254.
  ['a link-local or metadata', networksOf(['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254'])],
  ['an IPv4-in-IPv6', networksOf([
    '::/96', '2002::/16', '64:ff9b::/104', '64:ff9b::7f00:0/104', '64:ff9b::a9fe:0/112', '64:ff9b::e000:0/100', '64:ff9b::ffff:ffff'
  ])]
]

/** Why a target may not be registered, in words for the sender; null: it may. */
export function refusalOf (target: Target, sender: Sender, { allow, own }: AddressPolicy): string | null {
  const { address, port } = target
  if (port === 0 || (allow.ports !== null && !allow.ports.includes(port))) return `port ${port} is not allowed`
  if (isLoopback(address)) {
    if (!sender.isLoopback) return `${address} is a loopback address, for processes of the gateway's machine only`
  } else {
    const kind = neverAllowed.find(([, networks]) => networks(address))
    if (kind !== undefined) return `${address} is ${kind[0]} address`
  }
  if (isListening(target, own)) return `${address}:${port} is this gateway itself`
  if (target.byAllowedName || isOwnOf(sender, address, own) || allow.networks(address)) return null
  return `${address} is not the sender's own address, which is ${sender.address ?? 'none'}, and not in heartbeat.allow`
}

/** A process of this machine owns every address of the machine; any other one that it comes from. */
function isOwnOf (sender: Sender, address: string, own: OwnAddresses): boolean {
  return address === sender.address || (sender.isLoopback && (isLoopback(address) || own.isLocal(address)))
}

function isListening ({ address, port }: Target, { listening, isLocal }: OwnAddresses): boolean {
  return listening().some(entry => {
    const colon = entry.lastIndexOf(':')
    if (entry.slice(colon + 1) !== String(port)) return false
    const host = entry.slice(0, colon).replace(/[[\]]/g, '')
    return host === address || ((host === '0.0.0.0' || host === '::') && (isLoopback(address) || isLocal(address)))
  })
}
