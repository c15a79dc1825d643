import { callLayerOf, layerOver, resolveRoute } from '../options/balance.js'
import { Service } from './service.js'
import type { FastifyRequest } from 'fastify'
import type { ResolvedBalance } from '../options/balance.js'
import type { ResolvedGateway } from '../options/gateway.js'
import type { Snapshot } from '../registry/snapshot.js'
import type { AttemptObserver } from '../../types/attempt.js'
import type { Clock, Random } from '../../types/clock.js'
import type { NodeChange } from '../../types/node.js'
import type { BalanceOptions, CallOptions, RouteOptions } from '../../types/options.js'
import type { Strategy } from '../../types/strategy.js'

/** How one request is balanced: all layers of options resolved. */
export interface Plan {
  readonly service: Service
  readonly options: ResolvedBalance
  readonly strategy: Strategy
}

interface Route { readonly service: string | null, readonly layer: BalanceOptions }
interface Planned { readonly service: Service, readonly plan: Plan, readonly byRoute: WeakMap<Route, Plan> }

/** What plans are made from. */
export interface PlanSources {
  readonly options: Pick<ResolvedGateway, 'services' | 'defaults'>
  readonly snapshotOf: (service: string) => Snapshot | undefined
  /** Those who learn from all attempts. */
  readonly observers: readonly AttemptObserver[]
  /** How long a request may wait for a service's first node now, ms; 0: not at all. */
  readonly warmUpMs: () => number
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
}

/** More services than that are not waited for: their names may be a client's. */
const mostServices = 1000

/** Resolves the layers of options of a request, once per service and route; only options of a call are resolved at the call. */
export class Plans {
  readonly #sources: PlanSources
  readonly #services = new Map<string, Planned>()
  readonly #routes = new WeakMap<object, Route>()

  constructor (sources: PlanSources) {
    this.#sources = sources
  }

  /** Checks `config.balance` of a route, when the route is declared. `name` is what the message calls it. */
  route (config: RouteOptions, name: string): Route {
    let route = this.#routes.get(config)
    if (route === undefined) this.#routes.set(config, route = resolveRoute(config, name))
    return route
  }

  /** The name of the service that a call means; undefined: neither the call nor the route names one. */
  nameOf (request: FastifyRequest, service: string | undefined): string | undefined {
    return service ?? this.#routeOf(request)?.service ?? undefined
  }

  /** undefined: the registry does not know the service. */
  planOf (request: FastifyRequest, name: string, call: CallOptions | undefined): Plan | undefined {
    const layer = call === undefined ? null : callLayerOf(call)
    const planned = this.#services.get(name) ?? this.#plan(name)
    if (planned === undefined) return undefined
    const plan = this.#routePlan(planned, this.#routeOf(request))
    if (layer === null) return plan
    const options = layerOver(plan.options, layer, 'reply.balance()')
    return { service: plan.service, options, strategy: plan.service.strategyOfCall(options.strategy) }
  }

  /** Makes what the requests to configured services need, so that a wrong strategy is found before the first of them. */
  prepare (): void {
    for (const name of this.#sources.options.services.keys()) this.#plan(name)
  }

  /** How many requests to a service wait for a node. */
  queued (name: string): number {
    return this.#services.get(name)?.service.queued ?? 0
  }

  /** A node has come, gone or changed its state. */
  changed ({ service: name, id, to }: NodeChange): void {
    const service = this.#services.get(name)?.service
    if (to === 'expired' || to === 'ejected') service?.doubt(id)
    service?.advance()
  }

  /** Forgets the services that are gone from the registry, with all that their strategies learned, unless a request waits for their return. */
  sweep (): void {
    for (const [name, { service }] of this.#services) {
      if (service.queued === 0 && this.#sources.snapshotOf(name) === undefined) this.#services.delete(name)
    }
  }

  #routeOf (request: FastifyRequest): Route | undefined {
    const config = request.routeOptions.config.balance
    return config === undefined ? undefined : this.route(config, 'config.balance')
  }

  #routePlan (planned: Planned, route: Route | undefined): Plan {
    if (route === undefined) return planned.plan
    let plan = planned.byRoute.get(route)
    if (plan === undefined) planned.byRoute.set(route, plan = planOfRoute(planned.plan, route.layer))
    return plan
  }

  /** A service that the registry does not know is planned only while its requests may wait for it. */
  #plan (name: string): Planned | undefined {
    const { options, snapshotOf, observers, warmUpMs, clock, random } = this.#sources
    if (snapshotOf(name) === undefined && (warmUpMs() === 0 || this.#services.size >= mostServices)) return undefined
    const rules = options.services.get(name) ?? options.defaults
    const service = new Service({ name, snapshotOf: () => snapshotOf(name), observers, rules, warmUpMs, clock, random })
    const plan = { service, options: rules.balance, strategy: service.strategy(rules.balance.strategy) }
    const planned = { service, plan, byRoute: new WeakMap<Route, Plan>() }
    this.#services.set(name, planned)
    return planned
  }
}

function planOfRoute ({ service, options }: Plan, layer: BalanceOptions): Plan {
  const layered = layerOver(options, layer, 'config.balance')
  return { service, options: layered, strategy: service.strategy(layered.strategy) }
}
