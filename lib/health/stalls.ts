import type { Attempt, AttemptObserver } from '../../types/attempt.js'
import type { Node } from '../../types/node.js'

/** What a node is taken for stalled by. */
export interface StallRules {
  /** So many attempts wait for its answer at least. */
  readonly consecutive: number
  /** It has answered nothing for so long. */
  readonly silenceMs: number
}

export interface StallTools {
  /** false: stalls of the service are not looked for. */
  readonly rulesOf: (service: string) => StallRules | false
  /** The usual time to a response head of a node, ms; null: not known. */
  readonly latencyOf: (node: Node) => number | null
  readonly stalled: (node: Node) => void
}

interface Load {
  readonly rules: StallRules
  /** Attempts without response head. */
  waiting: number
  /** When the newest attempt began. */
  newestAt: number
  /** Attempts that began until then have been judged. */
  judgedUntil: number
  hasAnswered: boolean
  silentMs: number
}

/** How often a stall is looked for, ms. */
export const stallTickMs = 100
/** A node that is slow by nature may be silent for so many times its usual latency; one that has answered nothing yet, for so many times `silenceMs`. */
const patience = 10

/**
 * Finds nodes that have stopped to answer: frozen, in a dead lock, behind a network that swallows. They neither refuse nor reset, so no
 * attempt fails before its timeout, and heartbeats stop counting only after their lease. Time is counted in ticks, so that a pause of this
 * process is not taken for the node's.
 */
export class Stalls implements AttemptObserver {
  readonly #tools: StallTools
  readonly #loads = new WeakMap<Node, Load>()
  /** The nodes that enough attempts wait for. */
  readonly #crowded = new Map<Node, Load>()

  constructor (tools: StallTools) {
    this.#tools = tools
  }

  started (attempt: Attempt): void {
    if (attempt.isUploading !== true) this.#count(attempt)
  }

  /** Only from now on the node has what it needs to answer. */
  uploaded (attempt: Attempt): void {
    this.#count(attempt)
  }

  #count ({ node, startedAt }: Attempt): void {
    const load = this.#loadOf(node)
    if (load === null || startedAt <= load.judgedUntil) return
    load.newestAt = Math.max(load.newestAt, startedAt)
    if (++load.waiting !== load.rules.consecutive) return
    load.hasAnswered = true
    this.#crowded.set(node, load)
  }

  responded (attempt: Attempt): void {
    const load = this.#loads.get(attempt.node)
    if (load === undefined) return
    load.hasAnswered = true
    this.#left(attempt, load)
  }

  settled (attempt: Attempt): void {
    const load = attempt.latencyMs === null ? this.#loads.get(attempt.node) : undefined
    if (load !== undefined) this.#left(attempt, load)
  }

  /** To be called every `stallTickMs`. */
  tick (): void {
    for (const [node, load] of this.#crowded) {
      load.silentMs = load.hasAnswered ? 0 : load.silentMs + stallTickMs
      load.hasAnswered = false
      if (load.silentMs < load.rules.silenceMs || load.silentMs < patience * (this.#tools.latencyOf(node) ?? load.rules.silenceMs)) continue
      this.#judge(node, load)
    }
  }

  /** What waits for it now tells no more: the node is judged anew by what begins from now on. */
  #judge (node: Node, load: Load): void {
    load.judgedUntil = load.newestAt
    load.waiting = load.silentMs = 0
    this.#crowded.delete(node)
    this.#tools.stalled(node)
  }

  #left ({ node, startedAt, isUploading }: Attempt, load: Load): void {
    if (isUploading !== true && startedAt > load.judgedUntil && load.waiting-- === load.rules.consecutive) this.#crowded.delete(node)
  }

  #loadOf (node: Node): Load | null {
    const known = this.#loads.get(node)
    if (known !== undefined) return known
    const rules = this.#tools.rulesOf(node.info.service)
    if (rules === false) return null
    const load: Load = { rules, waiting: 0, newestAt: -Infinity, judgedUntil: -Infinity, hasAnswered: false, silentMs: 0 }
    this.#loads.set(node, load)
    return load
  }
}
