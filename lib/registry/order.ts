/** Where a message stands in the history of an id: `(incarnation, seq)`. null: the sender does not count, and the order of arrival counts. */
export interface Position {
  readonly incarnation: number | null
  readonly seq: number | null
}

/** `older`: of an earlier process; `seen`: not newer; `newer`: the same process went on; `restarted`: a new process. */
export type Order = 'older' | 'seen' | 'newer' | 'restarted'

/** Compares a message with the last one that was accepted. */
export function orderOf (message: Position, last: Position): Order {
  if (message.incarnation !== null && last.incarnation !== null && message.incarnation !== last.incarnation) {
    return message.incarnation < last.incarnation ? 'older' : 'restarted'
  }
  if (message.seq !== null && last.seq !== null && message.incarnation === last.incarnation && message.seq <= last.seq) return 'seen'
  return 'newer'
}
