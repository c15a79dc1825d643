import { test } from 'tap'
import { resolveGateway } from '../../../lib/options/gateway.js'
import { Plans } from '../../../lib/proxy/plans.js'
import { ManualClock } from './forward-fixture.js'
import { candidatesOf, nodeWith } from './fixtures.js'
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../../../lib/registry/snapshot.js'
import type { GatewayOptions, RouteOptions } from '../../../types/index.js'

const snapshot: Snapshot = { candidates: candidatesOf(nodeWith('a')), warming: [], panic: false, equalized: false, heartbeatsLost: false, validUntil: Infinity }

function plansWith (options: GatewayOptions, known: Set<string> = new Set(['things'])): { plans: Plans, known: Set<string> } {
  const plans = new Plans({ options: resolveGateway(options), snapshotOf: name => known.has(name) ? snapshot : undefined, observers: [], warmUpMs: () => 0, clock: new ManualClock(), random: () => 0 })
  return { plans, known }
}

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
