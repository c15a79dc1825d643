import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { isExcused } from '../support/chaos-excuse.js'
import { startChaosGroup, workerCount } from '../support/chaos-group.js'
import { mostConnections, startChaosLoad } from '../support/chaos-load.js'
import { describeSchedule, drawSchedule } from '../support/chaos-schedule.js'
import { unprovoked, watchStates } from '../support/chaos-states.js'
import { countsOf, keepLogs, storyOf } from '../support/chaos-story.js'
import { footprintAtRest, watchFootprint } from '../support/footprint.js'
import { isQuiet } from '../support/process.js'
import { nodesUp } from '../support/process-status.js'
import { seeded } from '../support/random.js'
import type { Test } from 'tap'
import type { ChaosGroup } from '../support/chaos-group.js'
import type { ChaosShot } from '../support/chaos-load.js'
import type { Footprint } from '../support/footprint.js'

/** CHAOS_SEEDS: how many seeds, from 1 on. CHAOS_SEED: this one alone. */
const { CHAOS_SEED, CHAOS_SEEDS = '2' } = process.env
const seeds = CHAOS_SEED === undefined ? Array.from({ length: Number(CHAOS_SEEDS) }, (_, index) => index + 1) : [Number(CHAOS_SEED)]
/** The default one takes every second turn. */
const strategies = ['adaptive', 'random', 'adaptive', 'least-connections', 'adaptive', 'weighted-round-robin'] as const
const mostRssBytes = 300 * 2 ** 20
const limitMs = 60_000
const skip = process.platform === 'linux' ? false : 'needs /proc'

t.setTimeout(limitMs * (seeds.length + 1))

for (const seed of seeds) {
  const strategy = strategies[(seed - 1) % strategies.length] ?? 'adaptive'
  t.test(`a gateway and five workers — lose and repeat nothing that they need not — in the chaos of seed ${seed}, with ${strategy}`, { timeout: limitMs, skip }, async t => {
    const schedule = drawSchedule(seeded(seed))
    const group = await startChaosGroup(t, strategy)
    const footprint = watchFootprint(t, group.gateway.pid)
    const states = watchStates(t, group.address)
    const load = startChaosLoad(group.address, seeded(-seed))
    await sleep(500)
    await group.suffer(schedule)
    const healedAt = performance.now()
    await sleep(500)
    const shots = await load.stop()

    requestsAreKept(t, shots, group)
    const nodes = await nodesUp(group.address, 'load', workerCount, 15_000)
    t.comment(`all nodes were up ${Math.round(performance.now() - healedAt)} ms after the last was healed`)
    t.same(nodes.map(({ inFlight }) => inFlight), nodes.map(() => 0), 'nothing is left in flight')
    t.same(states(), [], 'every state has its reason')
    t.same(unprovoked(group), [], 'nobody was ejected or had expired to whom nothing had happened')
    footprintIsBounded(t, footprint(), await footprintAtRest(group.gateway.pid))
    group.gateway.send('SIGTERM')
    t.same(await group.gateway.exited, { code: 0, signal: null }, 'the gateway ends by itself')
    isQuiet(t, ...group.programs)
    if (!t.passing()) t.comment(`seed ${seed}, logs in ${keepLogs(group, seed)}\n${describeSchedule(schedule)}`)
  })
}

function requestsAreKept (t: Test, shots: readonly ChaosShot[], group: ChaosGroup): void {
  const executed = group.executed()
  const failed = shots.filter(({ problem }) => problem !== null)
  const unexcused = failed.filter(shot => !isExcused(shot, { ...group, executed }))
  const stories = (isWanted: (shot: ChaosShot) => boolean): string[] => unexcused.filter(isWanted).map(shot => storyOf(shot, group))
  t.comment(`${shots.length} requests, ${failed.length} failed: ${countsOf(failed)}`)
  t.ok(shots.length > 500, 'there was a load')
  t.same(stories(({ method }) => method !== 'POST'), [], 'no GET and no PUT failed that another worker could have answered')
  t.same(stories(({ method }) => method === 'POST'), [], 'no POST failed that was not under way to a worker that failed')
  t.same([...executed].filter(([id, by]) => id.startsWith('POST') && by.length > 1), [], 'no POST was executed twice')
  t.same(shots.filter(({ id, problem }) => problem === null && !executed.has(id)), [], 'nothing was answered that was not executed')
}

function footprintIsBounded (t: Test, most: Footprint, last: Footprint): void {
  t.comment(`the gateway had at most ${Math.round(most.rssBytes / 2 ** 20)} MiB and ${most.sockets} sockets, and ${last.sockets} at the end`)
  t.ok(most.rssBytes < mostRssBytes, `memory is bounded: ${most.rssBytes} bytes`)
  // those of the clients, and as many to each worker
  t.ok(most.sockets < mostConnections * (workerCount + 1), `sockets are bounded: ${most.sockets}`)
  t.equal(last.forgotten, 0, 'no socket is left that the other side has closed')
}
