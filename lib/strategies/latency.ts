/** The time constant of the decay, ms: after it 37 % of a peak is left. That of Finagle and Linkerd. */
const decayMs = 10_000

/**
 * What one node's time to the response head is taken for: the moving peak (peak-EWMA, Finagle `PeakEwma.scala`), where a rise is taken at
 * once and a fall decays. Without news it decays as if 0 ms had been measured, so that a node that was slow is tried again. Until there is
 * news, it is a guess. All values are ms, all instants monotonic ms.
 */
export class Latency {
  #isKnown = false
  #isSound = false
  #costMs = NaN
  #costAt = -Infinity
  // The last answer of `valueAt`: ranking asks for the same instant many times.
  #valueMs = NaN
  #valueAt = NaN

  /** What a value of one instant becomes by another through decay alone; backwards in time it grows. */
  static decayed (valueMs: number, from: number, to: number): number {
    return valueMs * Math.exp((from - to) / decayMs)
  }

  /** There was news of the node, so its value is no guess. */
  get isKnown (): boolean {
    return this.#isKnown
  }

  /** The newest news was an answer, so its value is that of a working node. */
  get isSound (): boolean {
    return this.#isSound
  }

  /** An answer came. */
  answer (latencyMs: number, at: number): void {
    this.#observe(latencyMs, at)
    this.#isSound = true
  }

  /** A failure came, which counts as this long. It never leaves a lower value than there was. */
  fail (latencyMs: number, at: number): void {
    this.#observe(latencyMs, at)
    this.#isSound = false
  }

  /** A client waited at least that long and left. It says nothing of a node that is taken for slower anyway. */
  wait (latencyMs: number, at: number): void {
    if (!(latencyMs > this.valueAt(at))) return
    this.#isKnown = true
    this.#isSound = false
    this.#keep(latencyMs, at)
  }

  /** Takes a node without news for this. The guess decays like all else. */
  guess (latencyMs: number, at: number): void {
    if (!this.#isKnown) this.#keep(latencyMs, at)
  }

  /**
   * The value at an instant; NaN: not even a guess was made. At an instant before the newest news it is what would have decayed to it
   * since, so the values of several nodes at any one instant compare as they do now.
   */
  valueAt (at: number): number {
    if (at !== this.#valueAt) {
      this.#valueAt = at
      this.#valueMs = Latency.decayed(this.#costMs, this.#costAt, at)
    }
    return this.#valueMs
  }

  /** A fall is compared with the peak and not with what is left of it, or a slower answer could leave a lower value than a faster one. */
  #observe (latencyMs: number, at: number): void {
    const isFall = this.#isKnown && latencyMs < this.#costMs
    const excess = isFall ? Latency.decayed(this.#costMs - latencyMs, this.#costAt, Math.max(at, this.#costAt)) : 0
    this.#isKnown = true
    this.#keep(latencyMs + excess, at)
  }

  #keep (costMs: number, at: number): void {
    this.#costMs = this.#valueMs = costMs
    this.#costAt = this.#valueAt = Math.max(this.#costAt, at)
  }
}
