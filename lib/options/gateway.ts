import { callable, duration, fieldsOf, listOf, numberIn, orOff, recordOf, refuse, text } from '../check.js'
import { OptionError } from '../errors.js'
import { originOf } from '../node/info.js'
import { serviceName } from './balance.js'
import { resolveDefaults, resolveService } from './service.js'
import type { Given, Rule } from '../check.js'
import type { ResolvedService } from './service.js'
import type { RegistryStore } from '../../types/store.js'
import type { GatewayOptions, HeartbeatOptions, OperationsOptions, PressureOptions, ServiceOptions } from '../../types/options.js'

/** What `app.register(balance, options)` was given, complete but for the heartbeat's own, which heartbeat/options.ts resolves. */
export interface ResolvedGateway {
  readonly services: ReadonlyMap<string, ResolvedService>
  /** For services that are not configured. */
  readonly defaults: ResolvedService
  readonly heartbeat: HeartbeatOptions | false | undefined
  readonly store: RegistryStore | null
  readonly gateways: readonly string[]
  readonly address: string | null
  readonly drainMs: number
  readonly pressure: Given<PressureOptions> | false
  readonly warmUpMs: number
  readonly operations: { readonly prefix: string, readonly authorize: OperationsOptions['authorize'] | null } | false
}

const gatewayRules = fieldsOf<Required<Omit<GatewayOptions, 'pressure'>> & { pressure: Given<PressureOptions> | false }>({
  services: recordOf(value => value as ServiceOptions) as Rule<Record<string, ServiceOptions>>,
  defaults: recordOf(value => value) as Rule<ServiceOptions>,
  heartbeat: value => value as HeartbeatOptions,
  store: storeOf,
  gateways: listOf(originOf),
  address: originOf,
  drainMs: duration(0),
  pressure: orOff(fieldsOf<PressureOptions>({
    maxEventLoopDelay: numberIn(0, Infinity),
    maxEventLoopUtilization: numberIn(0, 1),
    maxHeapUsedBytes: numberIn(0, Infinity),
    maxRssBytes: numberIn(0, Infinity),
    retryAfter: numberIn(0, 86_400),
    message: text(),
    sampleInterval: duration(1)
  })),
  warmUpMs: duration(0),
  operations: orOff(fieldsOf<OperationsOptions>({
    prefix: text(/^\/[^?#]*[^/?#]$/, "a path that begins with '/' and does not end with it"),
    authorize: callable<NonNullable<OperationsOptions['authorize']>>()
  }))
})

/** Checks what the gateway plugin was given and fills in the defaults. The caller's object is not touched. Throws `FST_BALANCE_OPTION`. */
export function resolveGateway (options: GatewayOptions): ResolvedGateway {
  const given = gatewayRules(options, '')
  const { services = {}, defaults: common = {}, heartbeat, store = null, gateways = [], address = null, pressure = {}, warmUpMs = 2000, operations = {} } = given
  const isAlone = store === null && gateways.length === 0
  for (const own of ['nodes', 'discover']) {
    if (own in common) throw new OptionError(`option 'defaults.${own}' is not known: nodes belong to one service, under 'services'`)
  }
  const defaults = resolveDefaults(common, 'defaults')
  const resolved = new Map(Object.entries(services).map(([service, given = {}]) =>
    [serviceName(service, 'services (a key)'), resolveService(given, defaults, service, `services.${service}`)]))
  return Object.freeze({
    services: resolved,
    defaults,
    heartbeat,
    store,
    gateways: Object.freeze(gateways),
    address,
    drainMs: given.drainMs ?? (isAlone ? 0 : 2000),
    pressure: Object.freeze(pressure),
    warmUpMs,
    operations: operations === false ? false : Object.freeze({ prefix: operations.prefix ?? '/_balance', authorize: operations.authorize ?? null })
  })
}

/** The store itself, as it was given: what it needs is in types/store.ts. */
function storeOf (value: unknown, name: string): RegistryStore {
  const methods = ['put', 'drain', 'announce', 'changes'] as const
  const has = (method: string): boolean => typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[method] === 'function'
  return methods.every(has) ? value as RegistryStore : refuse(name, `a store with ${methods.join('(), ')}(), for instance redisStore({ client })`, value)
}
