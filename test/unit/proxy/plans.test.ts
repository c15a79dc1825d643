import { test } from 'tap'
import { resolveGateway } from '../../../lib/options/gateway.js'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { Plans } from '../../../lib/proxy/plans.js'
import { Roster } from '../../../lib/proxy/roster.js'
import { Try } from '../../../lib/proxy/try.js'
import { ManualClock } from '../../support/clock.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../../../lib/registry/snapshot.js'
import type { Candidate, GatewayOptions, NodeChange, NonEmpty, RouteOptions, StrategyFactory } from '../../../types/index.js'

const snapshot: Snapshot = { candidates: candidatesOf(nodeWith('a')), warming: [], panic: false, equalized: false, heartbeatsLost: false, validUntil: Infinity }

function plansWith (options: GatewayOptions, known: Set<string> = new Set(['things']), warmUpMs: number = 0): { plans: Plans, known: Set<string>, clock: ManualClock } {
  const clock = new ManualClock()
  const plans = new Plans({ options: resolveGateway(options), snapshotOf: name => known.has(name) ? snapshot : undefined, observers: [], warmUpMs: () => warmUpMs, clock, random: () => 0 })
  return { plans, known, clock }
}

const query = { tried: [], admits: null }

/** A change of the node `id` of the service `things`. */
const changeTo = (id: string, to: NodeChange['to']): NodeChange => ({ service: 'things', id, origin: '', from: 'up', to, reason: 'ejected' })

const requestOn = (balance?: RouteOptions): FastifyRequest => ({ routeOptions: { config: balance === undefined ? {} : { balance } } }) as unknown as FastifyRequest

test('a plan — lies in layers: the later wins', async t => {
  const { plans } = plansWith({ defaults: { attempts: 2, replayBytes: 1, timeoutMs: 10 }, services: { things: { replayBytes: 2, timeoutMs: 20 } } }, new Set(['things', 'others']))
  const route = requestOn({ timeoutMs: 30 })
  const options = (...given: Parameters<Plans['planOf']>): unknown => {
    const { attempts, replayBytes, timeoutMs, attemptTimeoutMs } = plans.planOf(...given)?.options ?? {}
    return [attempts, replayBytes, timeoutMs, attemptTimeoutMs]
  }
  t.same(options(requestOn(), 'others', undefined), [2, 1, 10, 30_000])
  t.same(options(requestOn(), 'things', undefined), [2, 2, 20, 30_000])
  t.same(options(route, 'things', undefined), [2, 2, 30, 30_000])
  t.same(options(route, 'things', { attempts: 4 }), [4, 2, 30, 30_000])
  t.same(options(route, 'things', { path: '/x' }), [2, 2, 30, 30_000])
})

test('a plan — is made once per service and route', async t => {
  const { plans } = plansWith({})
  const route = requestOn({ attempts: 2 })
  t.equal(plans.planOf(route, 'things', undefined), plans.planOf(route, 'things', undefined))
  t.equal(plans.planOf(requestOn(), 'things', undefined), plans.planOf(requestOn(), 'things', { path: '/x' }))
  t.not(plans.planOf(route, 'things', undefined), plans.planOf(requestOn(), 'things', undefined))
})

test('plans — are made for the configured services at once, where a wrong strategy is found', async t => {
  const made: string[] = []
  const named = (name: string) => () => {
    made.push(name)
    return { pick: (candidates: NonEmpty<Candidate>) => candidates[0] }
  }
  plansWith({ services: { things: { strategy: named('things') }, others: { strategy: named('others') } } }, new Set(['things', 'others'])).plans.prepare()
  t.same(made, ['things', 'others'])
  t.throws(() => plansWith({ services: { things: { strategy: (() => null) as unknown as StrategyFactory } } }).plans.prepare(), { code: 'FST_BALANCE_OPTION' })
})

test('a plan — of a service that nobody knows is none', async t => {
  t.equal(plansWith({}).plans.planOf(requestOn(), 'nothing', undefined), undefined)
})

test('a service that is gone — is forgotten with all that its strategies learned', async t => {
  const { plans, known } = plansWith({})
  const before = plans.planOf(requestOn(), 'things', undefined)
  plans.sweep()
  t.equal(plans.planOf(requestOn(), 'things', undefined), before)
  known.clear()
  plans.sweep()
  t.equal(plans.planOf(requestOn(), 'things', undefined), undefined)
  known.add('things')
  t.not(plans.planOf(requestOn(), 'things', undefined)?.strategy, before?.strategy)
})

test('the name of the service — is that of the call, else that of the route', async t => {
  const { plans } = plansWith({})
  const route = requestOn({ service: 'routed' })
  t.equal(plans.nameOf(route, 'called'), 'called')
  t.equal(plans.nameOf(route, undefined), 'routed')
  t.equal(plans.nameOf(requestOn({ attempts: 2 }), undefined), undefined)
  t.equal(plans.nameOf(requestOn(), undefined), undefined)
})

test('a wrong option — is refused with the place where it stands', async t => {
  const { plans } = plansWith({})
  t.throws(() => plans.route({ attempts: 0 }, 'config.balance of GET /'), { code: 'FST_BALANCE_OPTION', message: /config\.balance of GET \/\.attempts/ })
  t.throws(() => plans.planOf(requestOn(), 'things', { attempts: 0 }), { message: /reply\.balance\(\)\.attempts/ })
})

test('in warm-up a service that nobody knows is planned, so that its requests may wait', async t => {
  const { plans, known } = plansWith({}, new Set(), 2000)
  const plan = plans.planOf(requestOn(), 'unheard', undefined)
  t.equal(plan?.service.pick({ strategy: plan.strategy, tried: [], admits: null, idempotent: true, now: 0, keyOf: () => '' }), undefined)
  known.add('unheard')
  t.equal(plans.planOf(requestOn(), 'unheard', undefined), plan)
})

test('in warm-up no more than a thousand services are waited for — those that are known always', async t => {
  const { plans } = plansWith({}, new Set(['things']), 2000)
  for (let count = 0; count < 1000; count++) plans.planOf(requestOn(), `unheard-${count}`, undefined)
  t.equal(plans.planOf(requestOn(), 'one-more', undefined), undefined)
  t.ok(plans.planOf(requestOn(), 'things', undefined))
  plans.sweep()
  t.ok(plans.planOf(requestOn(), 'one-more', undefined), 'those that nobody waits for make room')
})

test('a service that a request waits for is not forgotten', async t => {
  const { plans, clock } = plansWith({}, new Set(), 2000)
  const before = plans.planOf(requestOn(), 'unheard', undefined)
  const leave = before?.service.wait({ proceed () {}, expired () {} }, query, Infinity)
  plans.sweep()
  t.equal(plans.queued('unheard'), 1)
  t.equal(plans.planOf(requestOn(), 'unheard', undefined), before)
  leave?.()
  plans.sweep()
  t.not(plans.planOf(requestOn(), 'unheard', undefined), before)
  t.equal(clock.timers, 0)
})

test('nobody waits for a service that has no plan', async t => {
  t.equal(plansWith({}).plans.queued('things'), 0)
})

test('a node that was ejected, or whose lease has ended, is in doubt — no other change is', async t => {
  const { plans } = plansWith({})
  const service = plans.planOf(requestOn(), 'things', undefined)?.service
  const doubted: string[] = []
  const owner = { answered: () => true, failed () {}, ended () {}, broken () {}, doubted: (one: Try) => doubted.push(one.attempt.node.info.id), abort () {}, crash () {} }
  const tries = ['a', 'b'].map(id => new Try(new RunningAttempt(nodeWith(id), 1, 0, []), owner, service?.unanswered ?? new Roster()))
  t.equal(service?.unanswered.length, tries.length)
  for (const to of ['up', 'warming', 'draining', null] as const) plans.changed(changeTo('a', to))
  t.same(doubted, [])
  plans.changed(changeTo('a', 'ejected'))
  plans.changed(changeTo('b', 'expired'))
  plans.changed({ ...changeTo('a', 'expired'), service: 'unknown' })
  t.same(doubted, ['a', 'b'])
})

test('any change of a node lets those go on who wait', async t => {
  const { plans, known } = plansWith({}, new Set(), 2000)
  const service = plans.planOf(requestOn(), 'things', undefined)?.service
  let proceeded = 0
  service?.wait({ proceed: () => { proceeded++ }, expired () {} }, query, Infinity)
  plans.changed(changeTo('a', 'warming'))
  await Promise.resolve()
  t.equal(proceeded, 0, 'there is nothing to go to')
  known.add('things')
  plans.changed(changeTo('a', 'warming'))
  plans.changed(changeTo('b', 'warming'))
  t.equal(proceeded, 0, 'not within the change')
  await Promise.resolve()
  t.equal(proceeded, 1, 'once for all that changed in a turn')
})
