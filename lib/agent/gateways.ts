/** More gateways than these are not learned from answers. */
const maxGateways = 32

/** The path of the heartbeat route unless an address names another. */
export const defaultPath = '/heartbeat'

/** Where heartbeats for a gateway go: its address, with `path` when it has none of its own. null: it is no `http(s)://host[:port][/path]`. */
export function gatewayUrlOf (address: unknown, path: string = defaultPath): string | null {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null
  if (url.pathname === '/') url.pathname = path
  return url.href
}

/** What decides which gateways are beaten. All gateways are heartbeat URLs. */
export interface Known {
  readonly configured: readonly string[]
  /** Those beaten now. */
  readonly current: readonly string[]
  /** What the gateways that answer list in their `gateways`, by the gateway that says so. Empty lists are left out: they say nothing. */
  readonly told: ReadonlyMap<string, readonly string[]>
  /** The addresses of this machine. */
  readonly ownAddresses: ReadonlySet<string>
}

/**
 * The gateways to beat: those configured, those that another gateway lists, and those that no other gateway has a say on.
 * A gateway does not vouch for itself, or one that left its group would be beaten for as long as it lives.
 */
export function gatewaysToBeat ({ configured, current, told, ownAddresses }: Known): Set<string> {
  const chosen = new Set(configured)
  for (const [teller, addresses] of told) {
    for (const address of addresses) {
      const url = gatewayUrlOf(address, new URL(teller).pathname)
      if (url === null || url === teller || chosen.size >= maxGateways) continue
      // The gateway on this machine lists itself by another name: beaten by both, this node would be registered twice.
      if (![...chosen, teller].some(other => isSameGateway(url, other, ownAddresses))) chosen.add(url)
    }
  }
  for (const url of current) {
    if ([...told.keys()].every(teller => teller === url)) chosen.add(url)
  }
  return chosen
}

function isSameGateway (one: string, other: string, ownAddresses: ReadonlySet<string>): boolean {
  const [first, second] = [new URL(one), new URL(other)]
  const isHere = (url: URL): boolean => url.hostname === 'localhost' || ownAddresses.has(url.hostname.replace(/^\[|\]$/g, ''))
  return portOf(first) === portOf(second) && isHere(first) && isHere(second)
}

function portOf ({ port, protocol }: URL): string {
  if (port !== '') return port
  return protocol === 'https:' ? '443' : '80'
}
