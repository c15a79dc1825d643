import fc from 'fast-check'
import { test } from 'tap'
import { ManualClock } from '../support/clock.js'
import { seeded } from '../support/random.js'
import { SharedMemory } from '../support/shared-memory.js'
import { memberOn, settled } from '../unit/sync/fixtures.js'
import type { Member } from '../unit/sync/fixtures.js'

const nodeIds = ['a', 'b', 'c', 'd'] as const
const stepMs = 250
const size = 3
/** When a fault of the store or a pause is over for sure, and whoever lives is known to live everywhere. */
const soonMs = 8000
/** How long a node is remembered after its last lease, and a little more. */
const memoryMs = 66_000

interface Worker {
  readonly id: string
  readonly isCounted: boolean
  incarnation: number
  seq: number
  isAlive: boolean
  /** Which gateway it beats. */
  at: number
  /** Since when it beats that one. */
  steadyAt: number
}

/** A place in the group: the gateway that stands there now. */
interface Place { member: Member, isReady: boolean, pausedMs: number, wokenAt: number }

/** Three gateways on one store, and nodes that beat one of them. */
class World {
  readonly time = new ManualClock()
  readonly memory = new SharedMemory(this.time)
  readonly workers: readonly Worker[]
  readonly places: Place[] = []
  readonly faults: string[] = []
  /** The clocks of the gateways that were ended. */
  readonly ended: ManualClock[] = []
  /** When the store was last seen to take nothing while it answers, or to have lost all. */
  lossAt = -Infinity
  beats = 0
  clears = 0
  #born = 0

  constructor () {
    this.workers = nodeIds.map((id, index) => ({ id, isCounted: index % 2 === 0, incarnation: 1, seq: 0, isAlive: true, at: index % size, steadyAt: this.time.now() }))
    for (let index = 0; index < size; index++) this.places.push(this.#place())
  }

  get now (): number { return this.time.now() }

  /** One step of time for all; a paused gateway stands still. */
  async step (): Promise<void> {
    this.time.advance(stepMs)
    for (const clock of this.ended) clock.advance(stepMs)
    for (const place of this.places) {
      if (place.pausedMs > 0) place.member.clock.stall(stepMs)
      else place.member.clock.advance(stepMs)
      if (place.pausedMs > 0) place.wokenAt = this.now
      place.pausedMs = Math.max(0, place.pausedMs - stepMs)
    }
    if (this.now % 1000 === 0) this.workers.forEach(worker => this.#say(worker, 'up'))
    await settled(2)
  }

  async pass (ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) await this.step()
  }

  start (worker: Worker, at: number): void {
    Object.assign(worker, { isAlive: true, incarnation: worker.incarnation + 1, seq: 0, at, steadyAt: this.now })
  }

  leave (worker: Worker): void {
    this.#say(worker, 'left')
    worker.isAlive = false
  }

  drain ({ id }: Worker, at: number, draining: boolean): void {
    const place = this.places[at]
    if (place?.isReady === true && place.pausedMs === 0) place.member.sync.drain('orders', id, draining)
  }

  clear (): void {
    this.clears++
    this.lossAt = Math.max(this.lossAt, this.now)
    this.memory.clear()
  }

  restart (at: number): void {
    const place = this.places[at]
    if (place === undefined) return
    place.isReady = false
    this.ended.push(place.member.clock)
    place.member.sync.stop()
    this.places[at] = this.#place()
  }

  async end (): Promise<void> {
    for (let at = 0; at < size; at++) this.restart(at)
    const last = this.places.splice(0)
    for (const { member } of last) {
      this.ended.push(member.clock)
      member.sync.stop()
    }
    await this.pass(4000)
  }

  /** It beats the gateway that it keeps to, or, where that one does not answer, the next. */
  #say (worker: Worker, state: 'up' | 'left'): void {
    if (!worker.isAlive) return
    const at = [0, 1, 2].map(further => (worker.at + further) % size).find(each => this.places[each]?.isReady === true && this.places[each]?.pausedMs === 0)
    if (at === undefined) return
    if (at !== worker.at) Object.assign(worker, { at, steadyAt: this.now })
    this.beats++
    const count = worker.isCounted ? { incarnation: worker.incarnation, seq: worker.seq++ } : {}
    const verdict = this.places[at]?.member.say(worker.id, { state, ...count })
    if (verdict?.kind !== 'accepted') this.faults.push(`${worker.id} was ${verdict?.kind} at ${at}`)
  }

  /** A gateway that has nothing to write does not notice that nobody can. With another fault after that its leases may run out, all at once, and then all nodes are offered still. */
  turn (state: SharedMemory['state']): void {
    if (state === 'read-only') this.lossAt = Infinity
    this.memory.state = state
  }

  #place (): Place {
    const member = memberOn(this.memory.open(), { id: `gateway-${++this.#born}`, random: seeded(this.#born), clock: new ManualClock({ now: this.now, wall: this.time.wall() }) })
    const place: Place = { member, isReady: false, pausedMs: 0, wokenAt: this.now }
    member.sync.start().then(() => { place.isReady = true })
    member.registry.onChange(({ id, from, to, reason }) => {
      if (!this.places.includes(place)) return
      const worker = this.workers.find(each => each.id === id)
      const isSure = worker?.isAlive === true && this.now >= soonMs + Math.max(worker.steadyAt, place.wokenAt, this.lossAt)
      if (from === 'up' && to === 'expired' && isSure) this.faults.push(`${id} lives, has been known for long and is ${to}`)
      const isLiving = worker?.isAlive === true && this.now >= worker.steadyAt + memoryMs
      if (to === null && isLiving && reason !== 'left' && reason !== 'replaced') this.faults.push(`${id} lives and is ${reason}`)
    })
    return place
  }
}

const worker = fc.nat({ max: nodeIds.length - 1 })
const gateway = fc.nat({ max: size - 1 })
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 24 }).map(steps => steps * stepMs) }) },
  fc.record({ what: fc.constantFrom('die' as const, 'leave' as const), worker }),
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('start' as const, 'move' as const), worker, gateway }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('drain' as const), worker, gateway, draining: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('store' as const), state: fc.constantFrom('up' as const, 'down' as const, 'hangs' as const, 'read-only' as const) }) },
  fc.record({ what: fc.constant('clear' as const) }),
  fc.record({ what: fc.constant('pause' as const), gateway, ms: fc.integer({ min: 1, max: 80 }).map(steps => steps * stepMs) }),
  fc.record({ what: fc.constant('restart' as const), gateway })
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

async function perform (world: World, given: Act): Promise<void> {
  if (given.what === 'wait') return await world.pass(given.ms)
  if (given.what === 'store') world.turn(given.state)
  if (given.what === 'clear') world.clear()
  if (given.what === 'restart') world.restart(given.gateway)
  if (given.what === 'pause') Object.assign(world.places[given.gateway] ?? {}, { pausedMs: given.ms })
  if (!('worker' in given)) return
  const worker = world.workers[given.worker]
  if (worker === undefined) return
  if (given.what === 'die') worker.isAlive = false
  if (given.what === 'leave') world.leave(worker)
  if (given.what === 'start') world.start(worker, given.gateway)
  if (given.what === 'move') Object.assign(worker, { at: given.gateway, steadyAt: world.now })
  if (given.what === 'drain') world.drain(worker, given.gateway, given.draining)
}

/** What a gateway makes of the nodes that live. */
function viewOf ({ member }: Place, { workers }: World): Record<string, unknown> {
  const states = member.states()
  return Object.fromEntries(workers.filter(({ isAlive }) => isAlive).map(({ id }) => [id, states[id]]))
}

function offeredBy ({ member }: Place): string[] {
  return member.registry.snapshot('orders')?.candidates.map(({ node }) => node.info.id) ?? []
}

/** All that must be so some seconds after the last fault. */
function faultsOf (world: World): string[] {
  const { places, workers, faults, memory, beats, clears } = world
  const views = places.map(place => viewOf(place, world))
  const found = [...faults]
  if (new Set(views.map(view => JSON.stringify(view))).size > 1) found.push(`they disagree: ${JSON.stringify(views)}`)
  for (const [id, state] of views.flatMap(view => Object.entries(view))) {
    if (state !== 'up' && state !== 'draining') found.push(`${id} lives and is ${String(state)}`)
  }
  for (const id of places.flatMap(offeredBy)) {
    if (workers.find(worker => worker.id === id)?.isAlive !== true) found.push(`${id} is dead and offered`)
  }
  for (const { member } of places) {
    if (!member.sync.isConnected) found.push('the store is back and one does not know')
    // the sweep, the next question, what gathers to be written
    if (member.clock.timers > 3) found.push(`${member.clock.timers} timers`)
  }
  const most = beats + nodeIds.length * size * ((world.now / 20_000) + clears + 2)
  if (memory.puts.length > most) found.push(`${memory.puts.length} puts, ${beats} beats`)
  return found
}

test('some seconds after the last fault all gateways agree: who lives is up, who is dead is not offered, and nobody who lived was forgotten', async t => {
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async acts => {
    const world = new World()
    await world.pass(2000)
    for (const each of acts) await perform(world, each)
    world.turn('up')
    for (const place of world.places) place.pausedMs = 0
    await world.pass(10_000)
    const found = faultsOf(world)
    await world.end()
    // its sweep goes on
    if (world.ended.some(({ timers }) => timers !== 1)) found.push('a gateway that has ended left timers behind')
    if (found.length > 0) throw new Error(found.join('; '))
  }), { numRuns: 60 })
  t.pass()
})
