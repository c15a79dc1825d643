import { callable, duration, either, fieldsOf, flag, integerIn, listOf, numberIn, oneOf, recordOf, refuse, text } from './check.js'
import { OptionError } from './errors.js'
import { maxWeight, nodeInfoOf, originOf, servicePattern } from './node/info.js'
import { strategies } from './strategies/index.js'
import type { Rule } from './check.js'
import type { NodeInfo } from '../types/node.js'
import type {
  BalanceOptions, GatewayOptions, HeartbeatOptions, OperationsOptions, PressureOptions, RouteOptions, ServiceOptions, StaticNode, TlsOptions
} from '../types/options.js'
import type { StrategyFactory, StrategyName } from '../types/strategy.js'

/** How requests are balanced, complete. */
export interface ResolvedBalance {
  readonly strategy: StrategyName | StrategyFactory
  readonly filter: NonNullable<BalanceOptions['filter']> | null
  readonly attempts: number
  readonly retryOn: ReadonlySet<number>
  /** null: by method. */
  readonly idempotent: NonNullable<BalanceOptions['idempotent']> | null
  readonly connectTimeoutMs: number
  readonly attemptTimeoutMs: number
  readonly timeoutMs: number
  readonly replayBytes: number
  readonly forwarded: boolean
}

/** What is configured for one service, complete. */
export interface ResolvedService {
  readonly balance: ResolvedBalance
  readonly nodes: readonly NodeInfo[]
  readonly slowStartMs: number
  readonly panicThreshold: number
  readonly tls: Readonly<TlsOptions> | null
}

/** What `app.register(balance, options)` was given, complete but for the heartbeat's own, which heartbeat/options.ts resolves. */
export interface ResolvedGateway {
  readonly services: ReadonlyMap<string, ResolvedService>
  /** For services that are not configured. */
  readonly defaults: ResolvedService
  readonly heartbeat: HeartbeatOptions | false | undefined
  readonly gateways: readonly string[]
  readonly pressure: Readonly<PressureOptions> | false
  readonly operations: { readonly prefix: string, readonly authorize: OperationsOptions['authorize'] | null } | false
}

const defaultBalance: ResolvedBalance = Object.freeze({
  strategy: 'adaptive',
  filter: null,
  attempts: 3,
  retryOn: new Set([502, 503, 504]),
  idempotent: null,
  connectTimeoutMs: 1000,
  attemptTimeoutMs: 30_000,
  timeoutMs: 60_000,
  replayBytes: 65_536,
  forwarded: true
} as const)

const defaultService: ResolvedService = Object.freeze({ balance: defaultBalance, nodes: Object.freeze([]), slowStartMs: 10_000, panicThreshold: 0.5, tls: null })

type Layer<T> = { -readonly [K in keyof T]?: NonNullable<T[K]> }

const strategyNames = Object.keys(strategies) as StrategyName[]
const statuses: Rule<ReadonlySet<number>> = (value, name) => new Set(listOf(integerIn(400, 599))(value, name))

const balanceRules = {
  strategy: either(value => typeof value === 'function', callable<StrategyFactory>(), oneOf(...strategyNames)),
  filter: callable<NonNullable<ResolvedBalance['filter']>>(),
  attempts: integerIn(1, 100),
  retryOn: statuses,
  idempotent: either(value => typeof value === 'function', callable<Exclude<NonNullable<ResolvedBalance['idempotent']>, boolean>>(), flag),
  connectTimeoutMs: duration(1),
  attemptTimeoutMs: duration(1),
  timeoutMs: duration(1),
  replayBytes: integerIn(0, 2 ** 30),
  forwarded: flag
}

const checkBalance: Rule<Layer<ResolvedBalance>> = fieldsOf<Layer<ResolvedBalance>>(balanceRules)
const balanceNames: ReadonlySet<string> = new Set(Object.keys(balanceRules))

/** Checks one layer of balancing options and lays it over another. */
export function layerOver (base: ResolvedBalance, layer: BalanceOptions, name: string): ResolvedBalance {
  return Object.freeze({ ...base, ...checkBalance(layer, name) })
}

const serviceName = text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)')

const checkRoute: Rule<Partial<Layer<ResolvedBalance> & { service: string }>> =
  fieldsOf<Layer<ResolvedBalance> & { service: string }>({ service: serviceName, ...balanceRules })

/** Checks `config.balance` of a route: the service it names, and the layer over that service's options. */
export function resolveRoute (config: RouteOptions, name: string): { service: string | null, layer: BalanceOptions } {
  checkRoute(config, name)
  const { service = null, ...layer } = config
  return Object.freeze({ service, layer: Object.freeze(layer) })
}

const callNames: ReadonlySet<string> = new Set([
  'path', 'body', 'contentType', 'method', 'queryString', 'rewriteHeaders', 'rewriteRequestHeaders', 'onResponse', 'onError', 'timeout'
])

/** The balancing layer among the options of one call; null: it has none. Throws when an option is not known. */
export function callLayerOf (options: object): BalanceOptions | null {
  let layer: Record<string, unknown> | null = null
  for (const [key, value] of Object.entries(options)) {
    if (balanceNames.has(key)) (layer ??= {})[key] = value
    else if (!callNames.has(key)) throw new OptionError(`option '${key}' of reply.balance() is not known; known are ${[...callNames, ...balanceNames].join(', ')}`)
  }
  return layer
}

/** PEM text is never refused, so no key is in the message. */
const pem: Rule<string | Buffer> = (value, name) =>
  typeof value === 'string' || Buffer.isBuffer(value) ? value : refuse(name, 'PEM text or a Buffer', value)

const tls: Rule<TlsOptions> = fieldsOf<TlsOptions>({
  ca: either(Array.isArray, listOf(pem), pem) as Rule<NonNullable<TlsOptions['ca']>>,
  cert: pem,
  key: pem,
  servername: text(),
  rejectUnauthorized: flag
})

type ServiceLayer = Layer<ResolvedBalance> & { slowStartMs: number, panicThreshold: number, tls: TlsOptions }
type GivenNodes = { nodes: ReadonlyArray<string | StaticNode> }

const staticNode: Rule<StaticNode> = fieldsOf<StaticNode>({
  origin: originOf, id: text(), weight: numberIn(0, maxWeight), zone: text(), version: text(), tags: recordOf(text(/^[^]*$/, 'a string')) as Rule<Record<string, string>>
}) as Rule<StaticNode>

const serviceRules = { ...balanceRules, slowStartMs: duration(0), panicThreshold: numberIn(0, 1), tls }
const checkDefaults: Rule<Partial<ServiceLayer>> = fieldsOf<ServiceLayer>(serviceRules)
const checkService: Rule<Partial<ServiceLayer & GivenNodes>> = fieldsOf<ServiceLayer & GivenNodes>({
  nodes: listOf<string | StaticNode>(either(each => typeof each === 'string', text(), staticNode)),
  ...serviceRules
})

function resolveService (options: ServiceOptions, base: ResolvedService, service: string, name: string): ResolvedService {
  const { nodes = [], ...layer } = checkService(options, name)
  const infos = nodes.map((node, index) => {
    const given = typeof node === 'string' ? { origin: node } : node
    return Object.freeze({ ...nodeInfoOf({ ...given, service }, `${name}.nodes[${index}]`), static: true })
  })
  refuseTwins(infos, name)
  return serviceOver(base, layer, infos)
}

function serviceOver (base: ResolvedService, layer: Partial<ServiceLayer>, nodes: readonly NodeInfo[]): ResolvedService {
  const { slowStartMs = base.slowStartMs, panicThreshold = base.panicThreshold, tls = base.tls, ...balance } = layer
  return Object.freeze({ balance: Object.freeze({ ...base.balance, ...balance }), nodes: Object.freeze(nodes), slowStartMs, panicThreshold, tls })
}

function refuseTwins (infos: readonly NodeInfo[], name: string): void {
  for (const field of ['id', 'origin'] as const) {
    const seen = new Set<string>()
    for (const info of infos) {
      if (seen.has(info[field])) throw new OptionError(`option '${name}.nodes' names the ${field} '${info[field]}' twice`)
      seen.add(info[field])
    }
  }
}

const gatewayRules = fieldsOf<Required<GatewayOptions>>({
  services: recordOf(value => value as ServiceOptions) as Rule<Record<string, ServiceOptions>>,
  defaults: recordOf(value => value) as Rule<ServiceOptions>,
  heartbeat: value => value as HeartbeatOptions,
  gateways: listOf(originOf),
  pressure: either<false, PressureOptions>(value => value === false, () => false, fieldsOf<PressureOptions>({
    maxEventLoopDelay: numberIn(0, Infinity),
    maxEventLoopUtilization: numberIn(0, 1),
    maxHeapUsedBytes: numberIn(0, Infinity),
    maxRssBytes: numberIn(0, Infinity),
    retryAfter: numberIn(0, 86_400),
    message: text(),
    sampleInterval: duration(1)
  })),
  operations: either<false, OperationsOptions>(value => value === false, () => false, fieldsOf<OperationsOptions>({
    prefix: text(/^\/[^?#]*[^/?#]$/, "a path that begins with '/' and does not end with it"),
    authorize: callable<NonNullable<OperationsOptions['authorize']>>()
  }))
})

/** Checks what the gateway plugin was given and fills in the defaults. The caller's object is not touched. Throws `FST_BALANCE_OPTION`. */
export function resolveGateway (options: GatewayOptions): ResolvedGateway {
  const { services = {}, defaults: common = {}, heartbeat, gateways = [], pressure = {}, operations = {} } = gatewayRules(options, '')
  if ('nodes' in common) throw new OptionError("option 'defaults.nodes' is not known: nodes belong to one service, under 'services'")
  const defaults = serviceOver(defaultService, checkDefaults(common, 'defaults'), [])
  const resolved = new Map(Object.entries(services).map(([service, given = {}]) =>
    [serviceName(service, 'services (a key)'), resolveService(given, defaults, service, `services.${service}`)]))
  return Object.freeze({
    services: resolved,
    defaults,
    heartbeat,
    gateways: Object.freeze(gateways),
    pressure: Object.freeze(pressure),
    operations: operations === false ? false : Object.freeze({ prefix: operations.prefix ?? '/_balance', authorize: operations.authorize ?? null })
  })
}
