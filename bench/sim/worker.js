/** How long a request at a failing worker takes, ms. */
const failureMs = 1

/** A worker of the model: it serves one request after the other in the order they came in, as an event loop does. So the end of each is known when it comes. */
export class Worker {
  #slowdown
  #freeAt = 0
  #workMs = 0
  #seq = 0
  #sampled = { at: 0, busyMs: 0 }
  #utilization = null

  /** `slowdown(at)`: how many times longer than others it takes for a request that it begins then. */
  constructor (index, { slowdown, fails }) {
    this.index = index
    this.fails = fails
    this.queued = 0
    this.#slowdown = slowdown
    this.info = Object.freeze({
      service: 'simulated', id: String(index), origin: `http://10.0.0.${index + 1}:3000`, address: null, weight: 1, zone: null, version: null, tags: Object.freeze({}), static: false
    })
  }

  /** Takes a request in that asks for so much work. Gives the instant at which it is answered. */
  take (demandMs, now) {
    const beginsAt = Math.max(now, this.#freeAt)
    const workMs = this.fails ? failureMs : demandMs * this.#slowdown(beginsAt)
    this.#freeAt = beginsAt + workMs
    this.#workMs += workMs
    this.queued++
    return this.#freeAt
  }

  answered () {
    this.queued--
  }

  /** Measures how busy it was since the last time. */
  sample (now) {
    const busyMs = this.#workMs - Math.max(0, this.#freeAt - now)
    this.#utilization = now > this.#sampled.at ? (busyMs - this.#sampled.busyMs) / (now - this.#sampled.at) : null
    this.#sampled = { at: now, busyMs }
  }

  /** What its agent says. */
  heartbeat (ttlMs) {
    const load = { eventLoopUtilization: this.#utilization, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: null, inFlight: this.queued, underPressure: null }
    return { info: this.info, state: 'up', incarnation: 1, seq: ++this.#seq, load, ttlMs }
  }
}
