import type { Answer } from './resolve.js'
import type { Clock, Random } from '../../types/clock.js'
import type { DiscoverOptions } from '../../types/service.js'
import type { Registry } from '../../types/registry.js'

export interface DiscoveryTools {
  readonly registry: Pick<Registry, 'nodes' | 'renew' | 'remove'>
  /** Rejects when there is no answer. One that the registry refuses counts as none. */
  readonly resolve: (what: DiscoverOptions) => Promise<Answer>
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  /** No answer comes any more, or one comes again; each when it begins. */
  readonly troubled: (service: string, error: Error | null) => void
}

/** Answers are asked for anew by their time, but not more often than this and not more rarely, ms. */
const limitsMs = { least: 1000, most: 30_000 }

/** Keeps the registry at what a resolver says of a service. Without an answer what is known stands: the resolver has failed, not the nodes. */
export class Discovery {
  readonly #tools: DiscoveryTools
  readonly #service: string
  readonly #what: DiscoverOptions
  /** The origins that it has brought to the registry, with their weights. */
  readonly #known = new Map<string, number>()
  #failures = 0
  #isStopped = false
  #cancel: () => void = () => {}

  constructor (service: string, what: DiscoverOptions, tools: DiscoveryTools) {
    this.#service = service
    this.#what = what
    this.#tools = tools
  }

  start (): void {
    this.#tools.resolve(this.#what).then(answer => this.#answered(answer)).catch((error: Error) => this.#failed(error))
  }

  stop (): void {
    this.#isStopped = true
    this.#cancel()
  }

  #answered ({ nodes, ttlMs }: Answer): void {
    if (this.#isStopped) return
    this.#apply(nodes)
    if (this.#failures > 0) this.#tools.troubled(this.#service, null)
    this.#failures = 0
    this.#plan(ttlMs)
  }

  #failed (error: Error): void {
    if (this.#isStopped) return
    if (this.#failures === 0) this.#tools.troubled(this.#service, error)
    this.#plan(limitsMs.least * 2 ** this.#failures)
    this.#failures++
  }

  #plan (delayMs: number): void {
    const boundedMs = Math.min(limitsMs.most, Math.max(limitsMs.least, delayMs))
    this.#cancel = this.#tools.clock.after(boundedMs * (0.9 + 0.2 * this.#tools.random()), () => this.start())
  }

  #apply (nodes: Answer['nodes']): void {
    const { registry } = this.#tools
    const wanted = new Map(nodes.map(({ origin, weight }) => [origin, weight]))
    const standing = new Set(registry.nodes(this.#service).map(({ origin }) => origin))
    for (const [origin, weight] of wanted) {
      // It said goodbye, was forgotten or removed. This answer may be older than that, from a cache; the next one that lists it brings it back.
      if (this.#known.has(origin) && !standing.has(origin)) {
        this.#known.delete(origin)
        continue
      }
      if (this.#known.get(origin) !== weight) registry.renew({ service: this.#service, origin, weight })
      this.#known.set(origin, weight)
    }
    for (const origin of [...this.#known.keys()].filter(each => !wanted.has(each))) {
      this.#known.delete(origin)
      const node = registry.nodes(this.#service).find(each => each.origin === origin)
      if (node !== undefined && !node.static) registry.remove(this.#service, node.id)
    }
  }
}
