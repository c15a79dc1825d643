import type { Node, NodeInfo } from '../../../types/index.js'

/** What a node says of itself, complete. */
export function infoWith (given: Partial<NodeInfo> = {}): NodeInfo {
  return Object.freeze({
    service: 'orders', id: 'a', origin: 'http://10.0.0.1:3000', address: null, weight: 1, zone: null, version: null, tags: {}, static: false, ...given
  })
}

/** A node that is up for ever, but for the facts given. */
export function nodeWith ({ info = {}, ...facts }: Partial<Omit<Node, 'info'>> & { info?: Partial<NodeInfo> }): Node {
  return {
    info: infoWith(info), inFlight: 0, load: null, leaseUntil: Infinity, upSince: -Infinity, ejectedUntil: -Infinity, failsChecks: false, draining: false, drainRequested: false, ...facts
  }
}
