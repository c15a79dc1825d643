import type { Node } from '../../types/node.js'

/** How many are remembered. So many picks lie between two of the same one: time enough for it to have answered, too little to get cold. */
const mostRemembered = 64
/** How many picks one can win in a row, the first one included. */
const mostWins = 3
/** Instead of an index: nobody. */
export const nobody = -1

interface Winner {
  index: number
  node: Node
  /** How much it had in flight when it was picked. */
  inFlight: number
  /** How many picks it has won in a row. */
  wins: number
}

/**
 * Remembers who was picked lately, of a list, by the indices in it. Each is offered again when it has worked off what it got, and a few times
 * only, so that all others get their turn as well.
 */
export class Recent {
  readonly #winners: Winner[] = []
  #place = -1

  /** The one that the next pick should look at again; `nobody`: others are to be drawn. */
  next (): number {
    this.#place = (this.#place + 1) % mostRemembered
    const winner = this.#winners[this.#place]
    return winner && winner.wins < mostWins && winner.node.inFlight <= winner.inFlight ? winner.index : nobody
  }

  /** Remembers who was picked after `next()`, before its request is sent. */
  picked (index: number, node: Node): void {
    const winner = this.#winners[this.#place] ??= { index, node, inFlight: 0, wins: 0 }
    const isAgain = winner.index === index && winner.wins < mostWins
    winner.index = index
    winner.node = node
    winner.inFlight = node.inFlight
    winner.wins = isAgain ? winner.wins + 1 : 1
  }
}
