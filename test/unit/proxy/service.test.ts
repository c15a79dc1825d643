import { test } from 'tap'
import { Capacity } from '../../../lib/proxy/capacity.js'
import { writable } from '../../../lib/node/node.js'
import { serviceOf } from './forward-fixture.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { AttemptObserver } from '../../../types/attempt.js'
import type { PickRequest, Service, ServiceParts } from '../../../lib/proxy/service.js'
import type { Snapshot } from '../../../lib/registry/snapshot.js'
import type { Strategy, StrategyFactory } from '../../../types/strategy.js'

const takesFirst: Strategy = { pick: candidates => candidates[0] }
const a = nodeWith('a')
const b = nodeWith('b')
const both = candidatesOf(a, b)

const snapshotWith = (candidates: typeof both, warming: typeof both = []): Snapshot => ({ candidates, warming, panic: false, equalized: false, heartbeatsLost: false, validUntil: Infinity })
const serviceWith = (snapshot: Snapshot | undefined, parts: Partial<ServiceParts> = {}): Service => serviceOf({ snapshotOf: () => snapshot, ...parts })
/** Those who are told, but for the service itself. */
const learners = (service: Service, strategy: Strategy): AttemptObserver[] => service.observersOf(strategy).filter(each => !(each instanceof Capacity))
const request = (given: Partial<PickRequest> = {}): PickRequest => ({ strategy: takesFirst, tried: [], admits: null, idempotent: true, now: 5000, keyOf: () => 'key', ...given })

test('a service — picks by the strategy of the request, among what remains', async t => {
  const service = serviceWith(snapshotWith(both))
  t.equal(service.pick(request())?.node, a)
  t.equal(service.pick(request({ tried: [a] }))?.node, b)
  t.equal(service.pick(request({ admits: info => info.id === 'b' }))?.node, b)
  t.equal(service.pick(request({ tried: [a, b] })), undefined)
  t.equal(service.pick(request({ admits: () => false })), undefined)
})

test('a service — that the registry does not know any more picks nothing and has no other node', async t => {
  const service = serviceWith(undefined)
  t.equal(service.pick(request()), undefined)
  t.equal(service.hasAnother(request()), false)
})

test('a service — has another node exactly as long as it would pick one', async t => {
  const service = serviceWith(snapshotWith(both))
  t.equal(service.hasAnother({ tried: [a], admits: null }), true)
  t.equal(service.hasAnother({ tried: [a, b], admits: null }), false)
  t.equal(service.hasAnother({ tried: [a], admits: info => info.id === 'a' }), false)
})

test('the key of a request — is made only for a strategy that asks', async t => {
  let made = 0
  const keyOf = (): string => `key ${++made}`
  const service = serviceWith(snapshotWith(both))
  service.pick(request({ keyOf }))
  t.equal(made, 0)
  const seen: unknown[] = []
  service.pick(request({
    keyOf,
    strategy: {
      pick (candidates, context) {
        seen.push(context.key, context.now)
        return candidates[0]
      }
    }
  }))
  t.same(seen, ['key 1', 5000])
})

test('a warming node — gets the request of which it is due — unless that may not be sent twice', async t => {
  const warming = nodeWith('w')
  writable(warming).upSince = 1000
  const candidates = candidatesOf(a, warming)
  const service = serviceWith(snapshotWith(candidates, candidates.slice(1)))
  t.equal(service.pick(request({ idempotent: false }))?.node, a)
  t.equal(service.pick(request({ now: 1999 }))?.node, a)
  t.equal(service.pick(request({ now: 2000 }))?.node, warming)
  t.equal(service.pick(request({ now: 2999 }))?.node, a, 'a second from its last pick')
  t.equal(service.pick(request({ now: 3000 }))?.node, warming)
})

test('a warming node — that the strategy picks is not due for a second', async t => {
  const warming = nodeWith('w')
  writable(warming).upSince = 1000
  const candidates = candidatesOf(warming, a)
  const service = serviceWith(snapshotWith(candidates, candidates.slice(0, 1)))
  service.pick(request({ now: 5000, idempotent: false }))
  t.equal(service.pick(request({ now: 5999, strategy: { pick: list => list[1] ?? list[0] } }))?.node, a)
})

test('a strategy of a service — is made once per name or factory, and told of every attempt', async t => {
  let made = 0
  const factory: StrategyFactory = () => {
    made++
    return { pick: candidates => candidates[0] }
  }
  const observer = {}
  const service = serviceWith(undefined, { observers: [observer] })
  const own = service.strategy(factory)
  t.equal(service.strategy(factory), own)
  t.equal(made, 1)
  const named = service.strategy('random')
  t.equal(service.strategy('random'), named)
  t.same(learners(service, own), [observer, own, named])
})

test('a strategy of a service — that is none is told when it is made', async t => {
  const service = serviceWith(undefined)
  const rows: ReadonlyArray<[unknown, string]> = [
    [() => undefined, 'one that gives undefined'],
    [() => ({ pick: true }), 'one that gives an object'],
    [async () => takesFirst, 'one that gives a promise'],
    [class Strategy { pick (): void {} }, 'a class']
  ]
  for (const [factory, what] of rows) {
    const expected = { code: 'FST_BALANCE_OPTION', message: `the strategy of service 'things' must be a function that gives { pick (candidates, context) { … } }, got ${what}` }
    t.throws(() => service.strategy(factory as StrategyFactory), expected)
    t.throws(() => service.strategyOfCall(factory as StrategyFactory), expected)
  }
})

test('a strategy of a service — that picks none of the candidates is told', async t => {
  for (const [warming, picked, what] of [[[], undefined, 'undefined'], [[], a, 'an object'], [both.slice(0, 1), 'a', "'a'"]] as const) {
    const service = serviceWith(snapshotWith(both, [...warming]))
    const strategy = { pick: () => picked } as unknown as Strategy
    t.throws(() => service.pick(request({ strategy, idempotent: false })), {
      code: 'FST_BALANCE_OPTION', message: `the strategy of service 'things' must pick one of the candidates that it is given, got ${what}`
    })
  }
})

test('a strategy of a call — is kept as long as its factory, told of its own attempts alone, and does not pile up', async t => {
  const service = serviceWith(undefined)
  const own = service.strategy('random')
  const factory: StrategyFactory = () => ({ pick: candidates => candidates[0] })
  const visitor = service.strategyOfCall(factory)
  t.equal(service.strategyOfCall(factory), visitor)
  t.same(learners(service, visitor), [own, visitor])
  for (let count = 0; count < 100; count++) service.strategyOfCall(() => ({ pick: candidates => candidates[0] }))
  t.same(learners(service, own), [own])
})

test('a strategy of a call — by a name, or by the factory of the service, is that of the service', async t => {
  const service = serviceWith(undefined)
  const factory: StrategyFactory = () => ({ pick: candidates => candidates[0] })
  const own = service.strategy(factory)
  t.equal(service.strategyOfCall(factory), own)
  const named = service.strategyOfCall('least-connections')
  t.equal(service.strategy('least-connections'), named)
  t.same(learners(service, named), [own, named])
})

test('a request that got no node — is told whether there was room to wait, or the wait was over, or there is none', async t => {
  const query = { tried: [], admits: null }
  const service = serviceWith(snapshotWith(both))
  t.match(service.noneLeft(query, 0), { code: 'FST_BALANCE_QUEUE', message: "Every node of service 'things' is busy, and its queue is full" })
  t.match(service.noneLeft(query, 999.6), { code: 'FST_BALANCE_QUEUE', message: "Every node of service 'things' is busy, and none was free within 1000 ms" })
  t.match(service.noneLeft({ ...query, tried: [a, b] }, 1000), { code: 'FST_BALANCE_NO_NODE' })
  t.match(serviceWith(undefined).noneLeft(query, 0), { code: 'FST_BALANCE_NO_NODE' })
})
