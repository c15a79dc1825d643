import { strategies } from 'fastify-balance'
import { answer } from './answer.js'

const inFlight = 32
const picksAtOnce = 50
const latencies = Float64Array.from({ length: 4096 }, () => 1 + 20 * Math.random() ** 4)
const keys = Array.from({ length: 1024 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)

function candidatesOf (count) {
  return Array.from({ length: count }, (_, index) => {
    const origin = `http://10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:3000`
    const info = Object.freeze({ service: 's', id: origin.slice(7), origin, address: null, weight: 1, zone: null, version: null, tags: {}, static: true })
    const node = { info, inFlight: 0, load: null, leaseUntil: Infinity, upSince: -Infinity, ejectedUntil: -Infinity, draining: false, drainRequested: false }
    return Object.freeze({ node, weight: 1 })
  })
}

/** A strategy in traffic: always 32 attempts in flight, one beginning and one ending every 0.1 ms. */
class Traffic {
  #strategy
  #candidates
  #attempts = []
  #count = 0
  #context = { now: 1000, key: keys[0] }

  constructor (name, nodes) {
    this.#strategy = strategies[name](Math.random)
    this.#candidates = candidatesOf(nodes)
    for (let index = 0; index < inFlight; index++) this.#attempts.push(this.#begin())
  }

  #pick () {
    this.#count++
    const context = this.#context
    context.now += 0.1
    context.key = keys[this.#count & 1023]
    return this.#strategy.pick(this.#candidates, context)
  }

  #begin () {
    const { node } = this.#pick()
    const attempt = { node, number: 1, startedAt: this.#context.now }
    node.inFlight++
    this.#strategy.started?.(attempt)
    return attempt
  }

  #end (attempt) {
    const outcome = { kind: 'response', statusCode: 200, latencyMs: latencies[this.#count & 4095] }
    this.#strategy.responded?.(attempt, outcome)
    attempt.node.inFlight--
    this.#strategy.settled?.(attempt, outcome)
  }

  pick (times) {
    for (let time = 0; time < times; time++) this.#pick()
  }

  cycle (times) {
    for (let time = 0; time < times; time++) {
      const slot = this.#count % inFlight
      this.#end(this.#attempts[slot])
      this.#attempts[slot] = this.#begin()
    }
  }
}

/** Picks and whole cycles in turn, so that picks are timed in the state that traffic leaves; ns of each. */
function round ({ nodes, ms }) {
  const traffic = traffics.get(nodes)
  const picks = []
  const cycles = []
  const until = performance.now() + ms
  while (performance.now() < until) {
    const startedAt = performance.now()
    traffic.pick(picksAtOnce)
    const pickedAt = performance.now()
    traffic.cycle(picksAtOnce)
    cycles.push(performance.now() - pickedAt)
    picks.push(pickedAt - startedAt)
  }
  return { pickNs: nsOf(picks), cycleNs: nsOf(cycles) }
}

/** The mean without the slowest twentieth, in which the process had to leave the core to others. */
function nsOf (durations) {
  const kept = durations.sort((a, b) => a - b).slice(0, Math.ceil(durations.length * 0.95))
  return kept.reduce((sum, ms) => sum + ms, 0) * 1e6 / kept.length / picksAtOnce
}

const traffics = new Map()

function prepare ({ strategy, nodes }) {
  traffics.set(nodes, new Traffic(strategy, nodes))
}

answer({ names: () => Object.keys(strategies), prepare, round })
