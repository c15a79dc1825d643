/**
 * Where a message stands in the history of an id: `(incarnation, seq)`. null: the sender does not count, and the order of arrival counts.
 * A seq without incarnation says nothing, for a new process begins it anew.
 */
export interface Position {
  readonly incarnation: number | null
  readonly seq: number | null
}

/** `older`: of an earlier process; `seen`: not newer; `newer`: the same process went on; `restarted`: a new process. */
export type Order = 'older' | 'seen' | 'newer' | 'restarted'

/** Compares a message with what was accepted before. */
export function orderOf (message: Position, last: Position): Order {
  if (message.incarnation === null || last.incarnation === null) return 'newer'
  if (message.incarnation !== last.incarnation) return message.incarnation < last.incarnation ? 'older' : 'restarted'
  return message.seq !== null && last.seq !== null && message.seq <= last.seq ? 'seen' : 'newer'
}

/** Where an id stands when a message was accepted: what the message does not count stays as it was. */
export function positionAfter (message: Position, last: Position): Position {
  if (message.incarnation === null) return { incarnation: last.incarnation, seq: last.seq }
  return { incarnation: message.incarnation, seq: message.seq ?? (message.incarnation === last.incarnation ? last.seq : null) }
}
