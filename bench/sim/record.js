/** After a node joined, its requests are counted for so long, ms, and its queue is watched for so long. */
const earlyMs = 2000
const watchedMs = 5000

/** What happened in one round. Latencies are those of successes; errors and shares are counted of the same requests, those of the measured time. */
export class Record {
  #measured
  #isMarked
  #joiner

  /** `joiner`: `{ node, at }` of a node that joins; null: none does. */
  constructor ({ measured, isMarked, joiner }) {
    this.#measured = measured
    this.#isMarked = isMarked
    this.#joiner = joiner
    this.latencies = []
    this.requests = 0
    this.errors = 0
    this.toMarked = 0
    /** Of the joiner: requests and its share in its first second, requests in its first two, and its longest queue. */
    this.joiner = { firstSecond: 0, ofAll: 0, early: 0, mostQueued: 0 }
  }

  /** There was no node for a request. */
  refused (at) {
    if (!this.#isMeasured(at)) return
    this.requests++
    this.errors++
  }

  /** A request was sent to a node; `queued`: how many it has then, this one included. */
  sent ({ at, latencyMs, node, failed, queued }) {
    if (this.#joiner !== null) this.#watch({ node, queued, ageMs: at - this.#joiner.at })
    if (!this.#isMeasured(at)) return
    this.requests++
    if (this.#isMarked(node, at)) this.toMarked++
    if (failed) this.errors++
    else this.latencies.push(latencyMs)
  }

  #isMeasured (at) {
    return at >= this.#measured.from && at < this.#measured.to
  }

  #watch ({ node, queued, ageMs }) {
    if (ageMs < 0 || ageMs >= watchedMs) return
    if (ageMs < 1000) this.joiner.ofAll++
    if (node !== this.#joiner.node) return
    if (ageMs < 1000) this.joiner.firstSecond++
    if (ageMs < earlyMs) this.joiner.early++
    this.joiner.mostQueued = Math.max(this.joiner.mostQueued, queued)
  }
}
