import fc from 'fast-check'
import { test } from 'tap'
import { NodeRegistry, sweepMs } from '../../lib/registry/registry.js'
import { ManualClock } from '../support/clock.js'
import { infoWith } from '../unit/node/fixtures.js'
import type { Announcement, Verdict } from '../../lib/registry/announcement.js'
import type { Node, NodeChange, NodeInfo } from '../../types/index.js'

const slowStartMs = 10_000
const panicThreshold = 0.5
const configured = ['orders']
const staticInfo = infoWith({ id: 's', origin: 'http://static:1', static: true })

// The model: a list of plain records, searched and filtered each time, and every rule as DESIGN.md §5 says it.

interface Known { info: NodeInfo, until: number, since: number, draining: boolean, drained: boolean, last: Pick<Announcement, 'incarnation' | 'seq'>, load: Announcement['load'] }
type Left = Pick<Announcement, 'incarnation' | 'seq'> & { key: string, at: number }

class Model {
  readonly #startedAt: number
  known: Known[]
  left: Left[] = []

  constructor (now: number) {
    this.#startedAt = now
    this.known = [{ info: staticInfo, until: Infinity, since: -Infinity, draining: false, drained: false, last: uncounted, load: null }]
  }

  at (service: string): Known[] { return this.known.filter(({ info }) => info.service === service) }

  stateOf (node: Known, now: number): string {
    if (node.until <= now) return 'expired'
    if (node.draining || node.drained) return 'draining'
    return now - node.since < slowStartMs ? 'warming' : 'up'
  }

  say (message: Announcement, now: number): Verdict {
    const { info, state } = message
    const peers = this.at(info.service)
    const there = peers.find(({ info: { origin, static: fixed } }) => fixed && origin === info.origin)
    const node = there ?? peers.find(({ info: { id } }) => id === info.id)
    if (node === undefined) return this.#sayUnknown(message, now)
    const incarnation = Math.max(node.last.incarnation ?? 0, message.incarnation ?? 0)
    if (node.info.static && node !== there) return { kind: 'superseded', incarnation }
    const order = ageOf(message, node.last)
    if (order === 'older') return { kind: 'superseded', incarnation }
    if (order === 'seen') return this.#answer('seen', node, now)
    if (state === 'left' && !node.info.static) {
      this.#forget(node)
      this.#bury(message, after(node.last, message), now)
      return { kind: 'accepted', id: info.id, state: 'left', drain: false }
    }
    if (order === 'process' || node.info.origin !== info.origin) node.since = now
    else if (node.until <= now) node.since = now
    this.known = this.known.filter(each => each === node || each.info.service !== info.service || each.info.origin !== info.origin)
    Object.assign(node, {
      info: node.info.static ? node.info : { ...info, id: node.info.id },
      until: node.info.static ? Infinity : now + message.ttlMs,
      draining: state !== 'up',
      last: after(node.last, message),
      load: message.load
    })
    return this.#answer('accepted', node, now)
  }

  #sayUnknown (message: Announcement, now: number): Verdict {
    const { info, state } = message
    const key = `${info.service}/${info.id}`
    const goodbye = this.left.find(each => each.key === key && now - each.at < 600_000)
    const order = goodbye === undefined ? 'newer' : ageOf(message, goodbye)
    if (order === 'older') return { kind: 'superseded', incarnation: goodbye?.incarnation ?? 0 }
    const isVague = message.incarnation !== null && message.incarnation === goodbye?.incarnation && (message.seq === null || goodbye.seq === null)
    if (order === 'seen' || isVague) return { kind: 'seen', id: info.id, state: 'left', drain: false }
    if (state === 'left') {
      this.#bury(message, after(goodbye ?? uncounted, message), now)
      return { kind: 'accepted', id: info.id, state: 'left', drain: false }
    }
    this.left = this.left.filter(each => each.key !== key)
    this.known = this.known.filter(each => each.info.service !== info.service || each.info.origin !== info.origin)
    const isYoung = now - this.#startedAt < slowStartMs
    const node = { info, until: now + message.ttlMs, since: isYoung ? -Infinity : now, draining: state !== 'up', drained: false, last: message, load: message.load }
    this.known.push(node)
    return this.#answer('accepted', node, now)
  }

  drain (service: string, id: string, draining: boolean): boolean {
    const node = this.at(service).find(({ info }) => info.id === id)
    if (node !== undefined) node.drained = draining
    return node !== undefined
  }

  remove (service: string, id: string): boolean {
    return this.#forget(this.at(service).find(({ info }) => info.id === id))
  }

  refuse (service: string, id: string, now: number): void {
    this.#forget(this.at(service).find(({ info, until }) => info.id === id && until <= now))
  }

  sweep (now: number): void {
    this.known = this.known.filter(({ until }) => now < until + 60_000)
  }

  services (): string[] {
    return [...new Set([...configured, ...this.known.map(({ info }) => info.service)])]
  }

  /** `panicThreshold` is a half here, so the healthy ones must be as many as the others. */
  offered (service: string, now: number): string[] {
    const nodes = this.at(service)
    const allZero = nodes.every(({ info }) => info.weight === 0)
    const weighty = nodes.filter(({ info }) => allZero || info.weight > 0)
    const staying = weighty.filter(({ draining, drained }) => !draining && !drained)
    const healthy = staying.filter(({ until }) => now < until)
    if (staying.length === 0) return weighty.filter(({ until }) => now < until).map(idOf)
    return (healthy.length * 2 < staying.length ? staying : healthy).map(idOf)
  }

  #answer (kind: 'accepted' | 'seen', node: Known, now: number): Verdict {
    return { kind, id: node.info.id, state: this.stateOf(node, now), drain: node.drained } as Verdict
  }

  #forget (node: Known | undefined): boolean {
    this.known = this.known.filter(each => each !== node)
    return node !== undefined
  }

  #bury ({ info }: Announcement, position: Pick<Announcement, 'incarnation' | 'seq'>, now: number): void {
    const key = `${info.service}/${info.id}`
    this.left = [...this.left.filter(each => each.key !== key), { ...position, key, at: now }]
  }
}

const uncounted = { incarnation: null, seq: null }
const idOf = ({ info }: { info: NodeInfo }): string => info.id

function ageOf (message: Pick<Announcement, 'incarnation' | 'seq'>, last: Pick<Announcement, 'incarnation' | 'seq'>): 'older' | 'seen' | 'newer' | 'process' {
  if (message.incarnation === null || last.incarnation === null) return 'newer'
  if (message.incarnation < last.incarnation) return 'older'
  if (message.incarnation > last.incarnation) return 'process'
  return (message.seq ?? Infinity) <= (last.seq ?? -Infinity) ? 'seen' : 'newer'
}

function after (last: Pick<Announcement, 'incarnation' | 'seq'>, { incarnation, seq }: Pick<Announcement, 'incarnation' | 'seq'>): Pick<Announcement, 'incarnation' | 'seq'> {
  if (incarnation === null) return last
  return { incarnation, seq: incarnation === last.incarnation ? seq ?? last.seq : seq }
}

// What happens to both.

const services = fc.constantFrom('orders', 'orders', 'users')
const ids = fc.constantFrom('a', 'b', 'c', 's')
const origins = fc.constantFrom('http://one:1', 'http://two:2', 'http://three:3', staticInfo.origin)
const counts = fc.option(fc.nat(3), { nil: null, freq: 4 })

const messages: fc.Arbitrary<Announcement> = fc.record({
  info: fc.record({ service: services, id: ids, origin: origins, weight: fc.constantFrom(1, 1, 2, 0) }).map(infoWith),
  state: fc.constantFrom('up', 'up', 'up', 'draining', 'left'),
  incarnation: counts,
  seq: counts,
  load: fc.constantFrom(null, { eventLoopUtilization: 0.5, eventLoopDelayMs: null, heapUsedBytes: null, rssBytes: null, inFlight: 3, underPressure: false }),
  ttlMs: fc.constantFrom(1, 250, 3000, 45_000),
  heardHere: fc.constant(true)
})

type Step =
  | { readonly kind: 'say', readonly message: Announcement }
  | { readonly kind: 'remove' | 'drain' | 'undrain' | 'refuse', readonly service: string, readonly id: string }
  | { readonly kind: 'wait', readonly ms: number }
  | { readonly kind: 'sweep' }

const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('say' as const), message: messages }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.constantFrom(sweepMs, 10_000, 60_000, 61_000, 600_000)) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'drain', 'undrain', 'refuse'), service: services, id: ids }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'sweep' as const }) }
), { minLength: 1, maxLength: 40, size: 'max' })

/** The registry and the model, side by side on one clock. */
class Pair {
  readonly clock = new ManualClock()
  readonly registry = new NodeRegistry(this.clock, configured, () => ({ slowStartMs, panicThreshold }))
  readonly model = new Model(this.clock.now())
  readonly changes: NodeChange[] = []
  readonly gone: Node[] = []

  constructor () {
    this.registry.onChange(change => this.changes.push(change))
    this.registry.onGone(node => this.gone.push(node))
    this.registry.configure(staticInfo)
    this.clock.every(sweepMs, () => this.sweep())
  }

  sweep (): void {
    this.registry.sweep()
    this.model.sweep(this.clock.now())
  }

  /** Takes a step on both and tells what they answered. */
  take (step: Step): [registry: unknown, model: unknown] {
    const now = this.clock.now()
    if (step.kind === 'say') return [this.registry.announce(step.message), this.model.say(step.message, now)]
    if (step.kind === 'wait') return [this.clock.advance(step.ms), undefined]
    if (step.kind === 'sweep') return [this.sweep(), undefined]
    const { service, id } = step
    if (step.kind === 'remove') return [this.registry.remove(service, id), this.model.remove(service, id)]
    if (step.kind === 'refuse') return [this.refuse(service, id), this.model.refuse(service, id, now)]
    return [this.registry.drain(service, id, step.kind === 'drain'), this.model.drain(service, id, step.kind === 'drain')]
  }

  refuse (service: string, id: string): void {
    const node = this.registry.node(service, id)
    if (node !== undefined) this.registry.refused(node)
  }
}

const sorted = <T>(list: readonly T[]): T[] => list.map(each => [JSON.stringify(each), each] as const).sort(([a], [b]) => a < b ? -1 : 1).map(([, each]) => each)

/** Everything that can be seen of the registry. */
const seenOf = ({ registry, clock, model }: Pair) => ({
  services: sorted(registry.services()),
  size: registry.size,
  nodes: sorted(model.services().flatMap(service => registry.nodes(service).map(({ id, origin, state, weight, leaseMs, static: fixed, load }) => {
    const { drainRequested, draining, upSince } = registry.node(service, id) ?? {}
    return { service, id, origin, state, weight, leaseMs, fixed, load, drainRequested, draining, upSince }
  }))),
  offered: sorted(model.services().map(service => [service, sorted(registry.snapshot(service)?.candidates.map(({ node }) => node.info.id) ?? [])])),
  now: clock.now()
})

/** The same, as the model has it. */
const expectedOf = ({ model, clock }: Pair): ReturnType<typeof seenOf> => {
  const now = clock.now()
  return {
    services: sorted(model.services()),
    size: model.known.filter(({ info }) => !info.static).length,
    nodes: sorted(model.known.map(node => ({
      service: node.info.service,
      id: node.info.id,
      origin: node.info.origin,
      state: model.stateOf(node, now),
      weight: node.info.weight,
      leaseMs: node.until === Infinity ? null : Math.max(0, node.until - now),
      fixed: node.info.static,
      load: node.load,
      drainRequested: node.drained,
      draining: node.draining,
      upSince: node.since
    } as ReturnType<typeof seenOf>['nodes'][number]))),
    offered: sorted(model.services().map(service => [service, sorted(model.offered(service, now))])),
    now
  }
}

const same = (one: unknown, other: unknown): boolean => fc.stringify(one) === fc.stringify(other)

function mustBeSame (what: string, actual: unknown, expected: unknown): void {
  if (!same(actual, expected)) throw new Error(`${what}: ${fc.stringify(actual)}, but the model has ${fc.stringify(expected)}`)
}

/** Runs many sequences; `check` looks after every step. fast-check prints seed and sequence of a failure, the shortest that it finds. */
function holds (check: (pair: Pair, step: Step) => void): void {
  fc.assert(fc.property(steps, sequence => {
    const pair = new Pair()
    for (const step of sequence) {
      mustBeSame(`the answer to ${step.kind}`, ...pair.take(step))
      check(pair, step)
    }
  }), { numRuns: 500 })
}

test('the registry agrees with a naive model — whatever happens in whatever order', async t => {
  t.doesNotThrow(() => holds(pair => mustBeSame('the registry', seenOf(pair), expectedOf(pair))))
})

test('the registry agrees with the model — also when nobody looked in between', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(steps, sequence => {
    const pair = new Pair()
    for (const step of sequence) mustBeSame(`the answer to ${step.kind}`, ...pair.take(step))
    mustBeSame('the registry', seenOf(pair), expectedOf(pair))
  }), { numRuns: 500 }))
})

/** What the changes say is known: `service/id` and its state. Throws when a change does not follow from those before. */
function told (changes: readonly NodeChange[]): Map<string, string> {
  const states = new Map<string, string>()
  for (const { service, id, from, to } of changes) {
    const key = `${service}/${id}`
    if ((states.get(key) ?? null) !== from) throw new Error(`${key} was ${states.get(key) ?? 'unknown'}, but the change is from ${from}`)
    if (from === to) throw new Error(`${key} changes from ${from} to ${to}`)
    if (to === null) states.delete(key)
    else states.set(key, to)
  }
  return states
}

test('every change begins where the last one of its node ended, and none changes nothing', async t => {
  t.doesNotThrow(() => holds(({ changes }) => told(changes)))
})

test('after a sweep the changes have told everything that can be seen', async t => {
  t.doesNotThrow(() => holds(pair => {
    pair.sweep()
    const states = pair.model.known.map(node => [`${node.info.service}/${node.info.id}`, pair.model.stateOf(node, pair.clock.now())])
    mustBeSame('what was told', sorted([...told(pair.changes)]), sorted(states))
  }))
})

test('a second sweep changes nothing', async t => {
  t.doesNotThrow(() => holds(pair => {
    pair.sweep()
    const before = [seenOf(pair), pair.changes.length, pair.gone.length]
    pair.sweep()
    mustBeSame('the second sweep', [seenOf(pair), pair.changes.length, pair.gone.length], before)
  }))
})

test('a node object is gone once, exactly when it is known no more', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(steps, sequence => {
    const pair = new Pair()
    const met = new Set<Node>()
    for (const step of sequence) {
      pair.take(step)
      const present = pair.model.known.flatMap(({ info }) => pair.registry.node(info.service, info.id) ?? [])
      for (const node of present) met.add(node)
      mustBeSame('gone', new Set(pair.gone).size, pair.gone.length)
      mustBeSame('known and gone', [...met].filter(node => pair.gone.includes(node) === present.includes(node)), [])
    }
  }), { numRuns: 500 }))
})

test('duplicates and reordering change nothing — messages of one process end where the newest of them is', async t => {
  const counted = fc.array(fc.record({ incarnation: fc.nat(3), seq: fc.nat(5), state: fc.constantFrom('up', 'draining'), weight: fc.nat(5) }), { minLength: 1, maxLength: 12 })
  t.doesNotThrow(() => fc.assert(fc.property(counted, list => {
    const { registry } = new Pair()
    for (const { weight, ...message } of list) {
      registry.announce({ ...message, info: infoWith({ id: 'a', origin: 'http://one:1', weight: weight + message.incarnation * 100 + message.seq * 10 }), load: null, ttlMs: 3000 } as Announcement)
    }
    const first = list.reduce((best, each) => each.incarnation > best.incarnation || (each.incarnation === best.incarnation && each.seq > best.seq) ? each : best)
    mustBeSame('the weight', registry.node('orders', 'a')?.info.weight, first.weight + first.incarnation * 100 + first.seq * 10)
    mustBeSame('draining', registry.node('orders', 'a')?.draining, first.state === 'draining')
  })))
})

test('the snapshot is the same object until something changes — as long as it is valid', async t => {
  t.doesNotThrow(() => holds(({ registry, clock }) => {
    const snapshot = registry.snapshot('orders')
    clock.stall(snapshot !== undefined && snapshot.validUntil > clock.now() + 1 ? 1 : 0)
    mustBeSame('the snapshot is', registry.snapshot('orders') === snapshot, true)
  }))
})

// A pause of the process: ordinary time, then a stall of any length, then something comes first.

const leases = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 6 })
const firsts = fc.constantFrom('sweep', 'snapshot', 'nodes', 'announce', 'refused')

/** Runs until the pause, and then through it. Returns who was alive when it began, who was seen to be expired, and the registry after. */
function paused ({ ttls, ranMs, isLookedAt, pauseMs, first }: { ttls: readonly number[], ranMs: number, isLookedAt: boolean, pauseMs: number, first: string }) {
  const clock = new ManualClock()
  const registry = new NodeRegistry(clock, configured, () => ({ slowStartMs: 0, panicThreshold: 0 }))
  const changes: NodeChange[] = []
  clock.every(sweepMs, () => registry.sweep())
  const expect: Record<string, () => void> = {
    sweep: () => clock.advance(0),
    snapshot: () => { registry.snapshot('orders') },
    nodes: () => { registry.nodes('orders') },
    announce: () => { registry.renew({ service: 'users', origin: 'http://other:1' }) },
    refused: () => registry.refused(nodes[0] as Node)
  }
  ttls.forEach((ttl, index) => registry.renew({ service: 'orders', id: String(index), origin: `http://n${index}:1` }, ttl))
  const nodes = ttls.flatMap((_, index) => registry.node('orders', String(index)) ?? [])
  clock.advance(ranMs)
  if (isLookedAt) registry.nodes('orders')
  const seenAt = isLookedAt ? clock.now() : clock.now() - (ranMs % sweepMs)
  const alive = nodes.filter(({ leaseUntil }) => clock.now() < leaseUntil)
  const expired = nodes.filter(({ leaseUntil }) => leaseUntil <= seenAt)
  registry.onChange(change => changes.push(change))
  clock.stall(pauseMs)
  expect[first]?.()
  return { registry, clock, changes, alive, expired, offered: () => registry.snapshot('orders')?.candidates.map(({ node }) => node) ?? [] }
}

const pauses = fc.record({
  ttls: leases, ranMs: fc.integer({ min: 0, max: 3000 }), isLookedAt: fc.boolean(), pauseMs: fc.oneof(fc.integer({ min: sweepMs + 100, max: 1000 }), fc.integer({ min: sweepMs + 100, max: 1e9 })), first: firsts
})

test('a pause of any length expires nobody who was alive before it — whatever comes first after it', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(pauses, given => {
    const { alive, offered, clock, changes } = paused(given)
    mustBeSame('offered at once', alive.filter(node => !offered().includes(node)), [])
    clock.advance(0)
    mustBeSame('offered after the sweep', alive.filter(node => !offered().includes(node)), [])
    mustBeSame('told', changes.filter(({ id, to }) => to !== 'up' && alive.some(({ info }) => info.id === id)), [])
  }), { numRuns: 1000 }))
})

test('a pause brings nobody back who was seen to be expired before it', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(pauses, given => {
    const { expired, offered, clock } = paused(given)
    mustBeSame('offered', offered().filter(node => expired.includes(node)), [])
    clock.advance(sweepMs)
    mustBeSame('offered later', offered().filter(node => expired.includes(node)), [])
  }), { numRuns: 1000 }))
})

test('after a pause a lease lasts no longer than it had left, and ends', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(pauses, given => {
    const { alive, clock, offered } = paused(given)
    clock.advance(0)
    for (let round = 0; round < 25; round++) clock.advance(sweepMs)
    mustBeSame('offered after 6 s', offered().filter(node => alive.includes(node)), [])
  }), { numRuns: 200 }))
})

test('a lateness below 100 ms changes no lease', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(leases, fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 20 }), (ttls, lateness) => {
    const clock = new ManualClock()
    const registry = new NodeRegistry(clock, configured, () => ({ slowStartMs: 0, panicThreshold: 0 }))
    ttls.forEach((ttl, index) => registry.renew({ service: 'orders', id: String(index), origin: `http://n${index}:1` }, ttl))
    const nodes = ttls.flatMap((_, index) => registry.node('orders', String(index)) ?? [])
    const before = nodes.map(({ leaseUntil }) => leaseUntil)
    for (const lateMs of lateness) {
      clock.stall(sweepMs + lateMs)
      registry.sweep()
    }
    mustBeSame('the leases', nodes.map(({ leaseUntil }) => leaseUntil), before)
  })))
})
