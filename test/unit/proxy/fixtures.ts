import { createNode } from '../../../lib/node/node.js'
import { nodeInfoOf } from '../../../lib/node/info.js'
import type { Pool } from '../../../lib/proxy/pool.js'
import type { Node, NodeInfo } from '../../../types/node.js'
import type { Candidate } from '../../../types/strategy.js'

/** A node of the service `things` that is up. */
export function nodeWith (id: string, info: Partial<NodeInfo> = {}): Node {
  return createNode(nodeInfoOf({ service: 'things', origin: `http://${id}.example:80`, id, ...info }, 'info'), { leaseUntil: Infinity, now: 0, warmsUp: false })
}

export function candidatesOf (...nodes: Node[]): Candidate[] {
  return nodes.map(node => ({ node, weight: 1 }))
}

/** Sends a GET over a pool; gives the body of the answer. */
export async function get (pool: Pool, path: string = '/', headers: string[] = []): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = ''
    let isOver = false
    pool.dispatch({ method: 'GET', path, headers }, {
      get isOver () { return isOver },
      carriedBy () {},
      onRequestStart () {},
      onResponseStart () {},
      onResponseData (_controller, chunk) { text += chunk.toString() },
      onResponseEnd () {
        isOver = true
        resolve(text)
      },
      onResponseError (_controller, error) {
        isOver = true
        reject(error)
      }
    })
  })
}
