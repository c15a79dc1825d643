import { countsAgainst } from './counts-against.js'
import { SlidingCount } from './sliding-count.js'
import type { Attempt, AttemptObserver, Outcome } from '../../types/attempt.js'
import type { Random } from '../../types/clock.js'
import type { Node } from '../../types/node.js'
import type { NodeEjections } from '../../types/status.js'

/** When a node is ejected, and for how long. */
export interface EjectionRules {
  /** Failures in a row. */
  readonly consecutive: number
  /** Failures in a row that were all of the connect phase. */
  readonly connect: number
  /** A lower share of successes over `windowMs` is an outlier's, once there were `minRequests`. */
  readonly successRatio: number
  readonly windowMs: number
  readonly minRequests: number
  /** The first ejection lasts this long, each further one twice as long, up to `maxMs`; ± 50 %. */
  readonly baseMs: number
  readonly maxMs: number
  /** At most this share of the nodes is ejected at once, and never the last one. */
  readonly maxRatio: number
}

/** What the detector needs of the registry. */
export interface EjectionDesk {
  /** How many nodes the service of a node has that would be offered but for ejection, and how many of them are ejected. */
  peers (node: Node): { readonly total: number, readonly ejected: number }
  /** Withholds a node until then. */
  eject (node: Node, until: number): void
}

interface Conduct {
  readonly rules: EjectionRules
  readonly successes: SlidingCount
  readonly failures: SlidingCount
  inARow: number
  allConnect: boolean
  failedAt: number
  /** The k that the length of the next ejection depends on. */
  level: number
  /** When the last ejection ended, or will. */
  returnsAt: number
  askAgainAt: number
  ejections: number
  suppressed: number
}

/** A minute without ejection takes one off the count that the next one's length depends on. */
const cleanMs = 60_000

const none: NodeEjections = Object.freeze({ ejections: 0, ejectionsSuppressed: 0 })

/** How many of a service's nodes may be ejected at once. */
export function mayBeEjected (total: number, maxRatio: number): number {
  return Math.max(0, Math.min(Math.floor(total * maxRatio), total - 1))
}

/** How long the k-th ejection lasts, ms. `random` in [0, 1). */
export function ejectionMs (k: number, { baseMs, maxMs }: Pick<EjectionRules, 'baseMs' | 'maxMs'>, random: number): number {
  return Math.min(maxMs, baseMs * 2 ** (k - 1)) * (0.5 + random)
}

/** Withholds nodes that fail, for longer each time. What it knows is of this gateway's own traffic, and is never shared. */
export class OutlierDetector implements AttemptObserver {
  readonly #conducts = new WeakMap<Node, Conduct>()
  readonly #rulesOf: (service: string) => EjectionRules | false
  readonly #desk: EjectionDesk
  readonly #random: Random

  /** `rulesOf`: the rules of a service by its name; false: its nodes are never ejected. */
  constructor (rulesOf: (service: string) => EjectionRules | false, desk: EjectionDesk, random: Random) {
    this.#rulesOf = rulesOf
    this.#desk = desk
    this.#random = random
  }

  /** How often a node was ejected, and how often it was not because too many are. */
  of (node: Node): NodeEjections {
    const conduct = this.#conducts.get(node)
    return conduct === undefined ? none : { ejections: conduct.ejections, ejectionsSuppressed: conduct.suppressed }
  }

  /** A node has stopped to answer. */
  stalled (node: Node, now: number): void {
    const conduct = this.#conductOf(node)
    if (conduct !== null && now >= conduct.returnsAt) this.#judge(node, conduct, now)
  }

  settled (attempt: Attempt, outcome: Outcome): void {
    if (outcome.kind === 'aborted') return
    const conduct = this.#conductOf(attempt.node)
    // what began before the node returned from its last ejection has been judged with it, or was sent in panic
    if (conduct === null || attempt.startedAt < conduct.returnsAt) return
    const now = attempt.startedAt + (outcome.kind === 'error' ? outcome.elapsedMs : outcome.latencyMs)
    if (this.#note(conduct, outcome, now) || now < conduct.askAgainAt || !this.#isOutlier(conduct, now)) return
    this.#judge(attempt.node, conduct, now)
  }

  /** Says whether it was a success. A 429 says that the node is full, not that it is broken: it counts for the ratio only. */
  #note (conduct: Conduct, outcome: Outcome, now: number): boolean {
    const failed = countsAgainst(outcome)
    const limited = outcome.kind === 'response' && outcome.statusCode === 429
    const count = failed || limited ? conduct.failures : conduct.successes
    count.add(now)
    if (limited) return false
    if (!failed || now - conduct.failedAt > conduct.rules.windowMs) {
      conduct.inARow = 0
      conduct.allConnect = true
    }
    if (!failed) return true
    conduct.inARow++
    conduct.allConnect &&= outcome.kind === 'error' && !outcome.sent
    conduct.failedAt = now
    return false
  }

  #isOutlier ({ rules, successes, failures, inARow, allConnect }: Conduct, now: number): boolean {
    const { consecutive, connect, successRatio, minRequests } = rules
    if (inARow >= consecutive || (allConnect && inARow >= connect)) return true
    const [good, all] = [successes.count(now), successes.count(now) + failures.count(now)]
    return all >= minRequests && good < successRatio * all
  }

  #judge (node: Node, conduct: Conduct, now: number): void {
    const { total, ejected } = this.#desk.peers(node)
    if (ejected < mayBeEjected(total, conduct.rules.maxRatio)) this.#eject(node, conduct, now)
    else this.#suppress(conduct, now)
  }

  #eject (node: Node, conduct: Conduct, now: number): void {
    const clean = Math.floor((now - conduct.returnsAt) / cleanMs)
    conduct.level = Math.max(0, conduct.level - clean) + 1
    conduct.ejections++
    conduct.returnsAt = now + ejectionMs(conduct.level, conduct.rules, this.#random())
    conduct.inARow = 0
    conduct.allConnect = true
    conduct.successes.clear()
    conduct.failures.clear()
    this.#desk.eject(node, conduct.returnsAt)
  }

  /** Asked again no sooner than an ejection would have lasted: in an outage every failure would count the nodes anew. */
  #suppress (conduct: Conduct, now: number): void {
    conduct.suppressed++
    conduct.askAgainAt = now + conduct.rules.baseMs
  }

  #conductOf (node: Node): Conduct | null {
    const known = this.#conducts.get(node)
    if (known !== undefined) return known
    const rules = this.#rulesOf(node.info.service)
    if (rules === false) return null
    const conduct: Conduct = {
      rules,
      successes: new SlidingCount(rules.windowMs),
      failures: new SlidingCount(rules.windowMs),
      inARow: 0,
      allConnect: true,
      failedAt: -Infinity,
      level: 0,
      returnsAt: -Infinity,
      askAgainAt: -Infinity,
      ejections: 0,
      suppressed: 0
    }
    this.#conducts.set(node, conduct)
    return conduct
  }
}
