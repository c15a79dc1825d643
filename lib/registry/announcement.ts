import type { LoadReport, NodeInfo, NodeState } from '../../types/node.js'

/** What a node says in one message, checked and complete, whatever way it came. */
export interface Announcement {
  readonly info: NodeInfo
  readonly state: 'up' | 'draining' | 'left'
  /** null: it does not count its processes. */
  readonly incarnation: number | null
  /** null: it does not count its messages; then the order of arrival counts. */
  readonly seq: number | null
  readonly load: LoadReport | null
  /** How long the lease lasts from now. Not above 0: it is over already. */
  readonly ttlMs: number
  /** This gateway heard it itself, instead of through a store. */
  readonly heardHere: boolean
}

/** What the registry made of an announcement. */
export type Verdict =
  /** `seen`: not newer than what is known, so nothing changed. */
  | { readonly kind: 'accepted' | 'seen', readonly id: string, readonly state: NodeState | 'left', readonly drain: boolean }
  /** A higher incarnation holds the id; nothing changed. */
  | { readonly kind: 'superseded', readonly incarnation: number }
