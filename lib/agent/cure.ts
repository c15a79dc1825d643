import { isLoopback } from '../peer.js'
import type { Listener } from './place.js'
import type { TroubleKind } from './reaction.js'

/** What an agent knows of itself that may be why a gateway does not accept it. */
export interface Situation {
  /** The heartbeat URL of the gateway. */
  readonly gateway: string
  /** The option; null: not given. */
  readonly origin: string | null
  readonly listener: Listener
}

/** What a user can do about a trouble, where the agent knows better than the gateway, in words for the log; null: nothing that it knows of. */
export function cureOf (trouble: TroubleKind, { gateway, origin, listener: { bindings } }: Situation): string | null {
  if (trouble !== 'forbidden' || origin !== null || isHere(gateway)) return null
  return bindings.every(({ address }) => isLoopback(address)) ? "this app listens on this machine only: listen on '0.0.0.0' or give option 'origin'" : null
}

function isHere (gateway: string): boolean {
  const { hostname } = new URL(gateway)
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
