import type { Clock, Random } from '../../types/clock.js'
import type { Node } from '../../types/node.js'

/** How the nodes of a service are checked. */
export interface CheckRules {
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** So many good checks in a row bring a node back. */
  readonly rise: number
  /** So many bad checks in a row take a node out. */
  readonly fall: number
}

export interface CheckTools {
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  /** Asks a node once. True: it is well. Never rejects. `signal`: the answer is not wanted any more. */
  readonly probe: (node: Node, rules: CheckRules, signal: AbortSignal) => Promise<boolean>
  /** What was found, whenever it is another than before. */
  readonly judge: (node: Node, works: boolean) => void
}

interface Checked {
  readonly node: Node
  readonly rules: CheckRules
  /** What was found last; null: nothing yet. */
  works: boolean | null
  /** How many checks in a row have said the opposite. */
  inARow: number
  /** Ends what is planned or under way. */
  readonly controller: AbortController
}

/** More checks than that are not under way at once; further ones wait. */
const mostAtOnce = 32
/** The first check of a node comes within this time, ms, or all that were configured together would be asked at once. */
const firstWithinMs = 200

/** Asks nodes that send no heartbeats how they are, each on its own time. A check lives as long as its node. */
export class ActiveChecks {
  readonly #tools: CheckTools
  readonly #checked = new Map<Node, Checked>()
  readonly #due = new Set<Checked>()
  #running = 0

  constructor (tools: CheckTools) {
    this.#tools = tools
  }

  /** Checks a node from now on. */
  watch (node: Node, rules: CheckRules): void {
    if (this.#checked.has(node)) return
    const checked: Checked = { node, rules, works: null, inARow: 0, controller: new AbortController() }
    this.#checked.set(node, checked)
    this.#plan(checked, Math.min(firstWithinMs, rules.intervalMs) * this.#tools.random())
  }

  /** The node is gone. */
  forget (node: Node): void {
    const checked = this.#checked.get(node)
    if (checked === undefined) return
    checked.controller.abort()
    this.#due.delete(checked)
    this.#checked.delete(node)
  }

  /** Checks nobody any more. */
  stop (): void {
    for (const node of this.#checked.keys()) this.forget(node)
  }

  #plan (checked: Checked, delayMs: number): void {
    const cancel = this.#tools.clock.after(delayMs, () => {
      checked.controller.signal.removeEventListener('abort', cancel)
      this.#due.add(checked)
      this.#runNext()
    })
    checked.controller.signal.addEventListener('abort', cancel, { once: true })
  }

  #runNext (): void {
    const [next] = this.#due
    if (next === undefined || this.#running >= mostAtOnce) return
    this.#due.delete(next)
    this.#running++
    this.#tools.probe(next.node, next.rules, next.controller.signal).then(isWell => {
      this.#running--
      if (this.#checked.get(next.node) === next) {
        this.#note(next, isWell)
        this.#plan(next, next.rules.intervalMs * (0.9 + 0.2 * this.#tools.random()))
      }
      this.#runNext()
    })
  }

  /** The first check decides alone: a node that was never reached is not offered while others are. */
  #note (checked: Checked, isWell: boolean): void {
    const { node, rules, works } = checked
    checked.inARow = works === isWell ? 0 : checked.inARow + 1
    if (works === isWell || (works !== null && checked.inARow < (isWell ? rules.rise : rules.fall))) return
    checked.works = isWell
    checked.inARow = 0
    if (works !== null || !isWell) this.#tools.judge(node, isWell)
  }
}
