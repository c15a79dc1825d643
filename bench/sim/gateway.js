/**
 * One gateway of the model, made of the real parts: registry, snapshot, slow start, trickle, strategy and attempt. Only the connection to
 * the node is missing. The one file of the simulation that knows how these parts are put together. No ejection, no failover, no queue.
 * `library` holds the parts.
 */
export class Gateway {
  #library
  #clock
  #registry
  #service
  #strategy

  constructor (library, clock, { strategy, random }) {
    this.#library = library
    this.#clock = clock
    const registry = this.#registry = new library.NodeRegistry(clock, ['simulated'], () => library.defaults)
    this.#service = new library.Service({
      name: 'simulated',
      snapshotOf: () => registry.snapshot('simulated'),
      observers: [library.expiredNodes({ refused: node => registry.refused(node), answered: node => registry.answered(node) })],
      rules: library.defaults,
      warmUpMs: () => 0,
      clock,
      random
    })
    this.#strategy = this.#service.strategy(strategy)
  }

  announce (heartbeat) {
    this.#registry.announce(heartbeat)
  }

  sweep () {
    this.#registry.sweep()
  }

  /** Picks a node for a request and begins the attempt; undefined: there is no node, or all are full. */
  begin () {
    const now = this.#clock.now()
    const picked = this.#service.pick({ strategy: this.#strategy, tried: [], admits: null, idempotent: true, now, keyOf: () => '' })
    if (picked === undefined) return undefined
    return new this.#library.RunningAttempt(picked.node, 1, now, this.#service.observersOf(this.#strategy))
  }

  /** The whole response is here. */
  end (attempt, statusCode) {
    const outcome = { kind: 'response', statusCode, latencyMs: this.#clock.now() - attempt.startedAt }
    attempt.respond(outcome)
    attempt.settle(outcome)
  }
}
