import type { Agent } from '../../types/agent.js'
import type { Clock } from '../../types/clock.js'
import type { RunningRequests } from './requests.js'
import type { HeartbeatSender } from './sender.js'

/** How long the gateways' answers are waited for: by `drain()`, when the app closes undrained, and at the goodbye. */
const limitsMs = { drain: 3000, close: 1000, leave: 1000 }
/** Requests that a gateway had sent when it learned of the drain may still be under way when its answer is here: for so long nobody counts as idle. */
const underWayMs = 250

/** The end of this app as a node: draining, closing, goodbye. It may drain first or close right away. */
export class Lifecycle {
  /** `app.agent`. */
  readonly agent: Agent
  readonly #sender: HeartbeatSender
  #announced: Promise<void> | null = null
  #drained: Promise<void> | null = null
  #isClosing = false

  constructor (sender: HeartbeatSender, running: RunningRequests, { clock, drainMs }: { clock: Clock, drainMs: number }) {
    this.#sender = sender
    const drain = async (): Promise<void> => {
      await this.#announce(limitsMs.drain)
      await new Promise<void>(resolve => clock.after(Math.min(underWayMs, drainMs), resolve))
      await running.idle(drainMs)
    }
    this.agent = Object.freeze({
      get id () { return sender.id },
      get state () { return sender.state },
      drain: () => (this.#drained ??= drain())
    })
  }

  get phase (): 'serving' | 'draining' | 'closing' {
    if (this.#isClosing) return 'closing'
    return this.#sender.state === 'draining' ? 'draining' : 'serving'
  }

  /** Lets the gateways know, while the server still listens. Running requests are left to the server, which waits for them. */
  async close (): Promise<void> {
    this.#isClosing = true
    await this.#announce(limitsMs.close)
  }

  /** The server has ended. */
  async leave (): Promise<void> {
    await this.#sender.leave(limitsMs.leave)
  }

  #announce (limitMs: number): Promise<void> {
    return (this.#announced ??= this.#sender.drain(limitMs))
  }
}
