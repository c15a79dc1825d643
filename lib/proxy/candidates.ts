import type { Node, NodeInfo } from '../../types/node.js'
import type { Candidate, NonEmpty } from '../../types/strategy.js'

/** Whether there is anything to pick from. */
export function isNonEmpty<T> (list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0
}

/** Who of the candidates may be offered this attempt of this request: nobody that was tried, nobody that the route's filter refuses. */
export function remaining (candidates: readonly Candidate[], tried: readonly Node[], admits: ((info: NodeInfo) => boolean) | null): readonly Candidate[] {
  if (tried.length === 0 && admits === null) return candidates
  return candidates.filter(({ node }) => !tried.includes(node) && (admits === null || admits(node.info)))
}
