import { callLayerOf, layerOver, resolveRoute } from '../options.js'
import { Service } from './service.js'
import type { FastifyRequest } from 'fastify'
import type { ResolvedBalance, ResolvedGateway } from '../options.js'
import type { Snapshot } from '../registry/snapshot.js'
import type { AttemptObserver } from '../../types/attempt.js'
import type { Random } from '../../types/clock.js'
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
  readonly observers: readonly AttemptObserver[]
  readonly random: Random
}

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
    const planned = this.#services.get(name) ?? this.#plan(name)
    if (planned === undefined) return undefined
    const layer = call === undefined ? null : callLayerOf(call)
    const plan = this.#routePlan(planned, this.#routeOf(request))
    if (layer === null) return plan
    const options = layerOver(plan.options, layer, 'reply.balance()')
    return { service: plan.service, options, strategy: plan.service.strategyOfCall(options.strategy) }
  }

  /** Forgets the services that are gone from the registry, with all that their strategies learned. */
  sweep (): void {
    for (const name of this.#services.keys()) {
      if (this.#sources.snapshotOf(name) === undefined) this.#services.delete(name)
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

  #plan (name: string): Planned | undefined {
    const { options, snapshotOf, observers, random } = this.#sources
    if (snapshotOf(name) === undefined) return undefined
    const { balance } = options.services.get(name) ?? options.defaults
    const service = new Service(name, () => snapshotOf(name), observers, random)
    const planned = { service, plan: { service, options: balance, strategy: service.strategy(balance.strategy) }, byRoute: new WeakMap<Route, Plan>() }
    this.#services.set(name, planned)
    return planned
  }
}

function planOfRoute ({ service, options }: Plan, layer: BalanceOptions): Plan {
  const layered = layerOver(options, layer, 'config.balance')
  return { service, options: layered, strategy: service.strategy(layered.strategy) }
}
