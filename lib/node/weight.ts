import type { Node } from '../../types/node.js'

/** A warming node begins with this share of its weight (as Envoy's slow start does). */
export const slowStartFloor = 0.1

/** The share of its weight that a node has now: rises linearly from the floor to 1 over `slowStartMs`. */
export function slowStartFactor (node: Node, now: number, slowStartMs: number): number {
  const ageMs = now - node.upSince
  if (ageMs >= slowStartMs) return 1
  return Math.max(slowStartFloor, ageMs / slowStartMs)
}
