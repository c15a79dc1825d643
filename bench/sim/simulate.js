import { chance } from './chance.js'
import { Gateway } from './gateway.js'
import { Timeline } from './timeline.js'
import { Worker } from './worker.js'

/** Gateways start so long before the traffic, and know all nodes by then. */
const leadMs = 2000
/** As shipped: how often nodes are heard of, for how many intervals a lease lasts, how often the registry is swept. */
const heartbeatMs = 1000
const missed = 3
const sweepMs = 250
/** Mean of the exponential service time. */
const serviceMs = 10

/**
 * One round: open-loop Poisson arrivals, each at a random gateway; nodes that serve one request after the other, in exponential time; no
 * network delay, no failover. The same seed gives the same arrivals and the same work to every strategy. All requests go to `record`.
 */
export function simulate (library, { scenario, gateways, strategy, seed, perSecond, lastsMs }, record) {
  const timeline = new Timeline()
  const workers = workersOf(scenario)
  const fleet = Array.from({ length: gateways }, (_, index) => new Gateway(library, timeline, { strategy, random: chance(seed, `gateway ${index}`) }))
  beginSweeps(timeline, fleet, chance(seed, 'sweeps'))
  beginHeartbeats({ timeline, workers, fleet, scenario, random: chance(seed, 'heartbeats') })
  beginTraffic({ timeline, workers, fleet, perSecond, seed, record })
  timeline.runUntil(leadMs + lastsMs)
}

function workersOf ({ nodes, joinsAt, slowdown, fails }) {
  return Array.from({ length: joinsAt === null ? nodes : nodes + 1 }, (_, index) =>
    new Worker(index, { slowdown: at => slowdown(index, at - leadMs), fails: fails(index) }))
}

function beginSweeps (timeline, fleet, random) {
  for (const gateway of fleet) timeline.every(sweepMs, random() * sweepMs, () => gateway.sweep())
}

/** As agents do: a loop for each gateway, with an interval that varies by a tenth. A node that joins begins with all gateways at once. */
function beginHeartbeats ({ timeline, workers, fleet, scenario: { nodes, joinsAt, isSilent }, random }) {
  for (const worker of workers) {
    timeline.every(heartbeatMs, 0, () => worker.sample(timeline.now()))
    for (const gateway of fleet) {
      const beat = () => {
        const now = timeline.now()
        timeline.at(now + heartbeatMs * (0.9 + 0.2 * random()), beat)
        if (!isSilent(now - leadMs)) gateway.announce(worker.heartbeat(heartbeatMs * missed))
      }
      timeline.at(worker.index < nodes ? random() * heartbeatMs : leadMs + joinsAt, beat)
    }
  }
}

function beginTraffic ({ timeline, workers, fleet, perSecond, seed, record }) {
  const [arrivals, doors, demands] = ['arrivals', 'doors', 'demands'].map(purpose => chance(seed, purpose))
  const next = () => timeline.at(timeline.now() + exponential(arrivals) * 1000 / perSecond, arrive)
  function arrive () {
    next()
    request(fleet[Math.trunc(doors() * fleet.length)], exponential(demands) * serviceMs)
  }
  function request (gateway, demandMs) {
    const now = timeline.now()
    const attempt = gateway.begin()
    if (attempt === undefined) return record.refused(now - leadMs)
    const worker = workers[Number(attempt.node.info.id)]
    const answeredAt = worker.take(demandMs, now)
    record.sent({ at: now - leadMs, latencyMs: answeredAt - now, node: worker.index, failed: worker.fails, queued: worker.queued })
    timeline.at(answeredAt, () => {
      worker.answered()
      gateway.end(attempt, worker.fails ? 500 : 200)
    })
  }
  timeline.at(leadMs, next)
}

/** A draw from the exponential distribution of mean 1. */
function exponential (random) {
  return -Math.log(1 - random())
}
