import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { EventLoopUtilization, IntervalHistogram } from 'node:perf_hooks'
import type { Clock } from '../../types/clock.js'
import type { LoadReport } from '../../types/node.js'

/** What a load report is made of, beside what the process says of itself. */
export interface LoadSources {
  readonly clock: Clock
  readonly inFlight: () => number
  readonly underPressure: () => boolean
  /** The app's own figures, in place of ours. */
  readonly override: (() => Partial<LoadReport>) | null
  /** Told once when `override` throws. */
  readonly failed: (error: unknown) => void
}

/** Shorter than this a window says nothing; the beats of several gateways fall into one. */
const minWindowMs = 250
/** How often the delay of the event loop is sampled. Each sample wakes the process: every 10 ms, as is usual, an idle worker would do little else. */
const resolutionMs = 50

type EventLoop = Pick<LoadReport, 'eventLoopUtilization' | 'eventLoopDelayMs'>

/** Reports the load of this process: of its event loop over the time since the last report, not since its start. */
export class LoadSampler {
  readonly #sources: LoadSources
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()
  #windowSince = Infinity
  #eventLoop: EventLoop = { eventLoopUtilization: null, eventLoopDelayMs: null }
  #hasFailed = false

  constructor (sources: LoadSources) {
    this.#sources = sources
  }

  /** Begins the first window. */
  start (): void {
    this.#delay.enable()
    this.#utilization = performance.eventLoopUtilization()
    this.#windowSince = this.#sources.clock.now()
  }

  report (): LoadReport {
    if (this.#sources.clock.now() - this.#windowSince >= minWindowMs) this.#closeWindow()
    const { heapUsed, rss } = process.memoryUsage()
    return {
      ...this.#eventLoop,
      heapUsedBytes: heapUsed,
      rssBytes: rss,
      inFlight: this.#sources.inFlight(),
      underPressure: this.#sources.underPressure(),
      ...this.#override()
    }
  }

  stop (): void {
    this.#delay.disable()
  }

  #closeWindow (): void {
    const utilization = performance.eventLoopUtilization()
    this.#eventLoop = {
      eventLoopUtilization: amount(performance.eventLoopUtilization(utilization, this.#utilization).utilization),
      // NaN: the loop was blocked for the whole window.
      eventLoopDelayMs: amount(Math.max(0, this.#delay.mean / 1e6 - resolutionMs))
    }
    this.#utilization = utilization
    this.#windowSince = this.#sources.clock.now()
    this.#delay.reset()
  }

  #override (): Partial<LoadReport> {
    try {
      return sound(this.#sources.override?.() ?? {})
    } catch (error) {
      if (!this.#hasFailed) this.#sources.failed(error)
      this.#hasFailed = true
      return {}
    }
  }
}

/** The known fields; what a gateway would refuse is unknown: for one wrong figure it would refuse the whole heartbeat. */
function sound (given: Partial<LoadReport>): Partial<LoadReport> {
  const { eventLoopUtilization, eventLoopDelayMs, heapUsedBytes, rssBytes, inFlight, underPressure } = given
  return {
    ...eventLoopUtilization === undefined ? {} : { eventLoopUtilization: amount(eventLoopUtilization) },
    ...eventLoopDelayMs === undefined ? {} : { eventLoopDelayMs: amount(eventLoopDelayMs) },
    ...heapUsedBytes === undefined ? {} : { heapUsedBytes: amount(heapUsedBytes) },
    ...rssBytes === undefined ? {} : { rssBytes: amount(rssBytes) },
    ...inFlight === undefined ? {} : { inFlight: amount(inFlight) },
    ...underPressure === undefined ? {} : { underPressure: typeof underPressure === 'boolean' ? underPressure : null }
  }
}

function amount (value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null
}
