import { callable, duration, either, fieldsOf, flag, integerIn, listOf, numberIn, oneOf, recordOf, text } from './check.js'
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

const defaultService: ResolvedService = Object.freeze({ balance: defaultBalance, nodes: [], slowStartMs: 10_000, panicThreshold: 0.5, tls: null })

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

/** Splits an options object into what belongs to balancing and the rest. */
function split<T extends object> (options: T): { balance: BalanceOptions, rest: Omit<T, keyof BalanceOptions> } {
  const entries = Object.entries(options)
  return {
    balance: Object.fromEntries(entries.filter(([key]) => balanceNames.has(key))),
    rest: Object.fromEntries(entries.filter(([key]) => !balanceNames.has(key))) as Omit<T, keyof BalanceOptions>
  }
}

const serviceName = text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)')

/** Checks `config.balance` of a route: the service it names, and the layer over that service's options. */
export function resolveRoute (config: RouteOptions, name: string): { service: string | null, layer: BalanceOptions } {
  const { service, ...layer } = config
  checkBalance(layer, name)
  return { service: service === undefined ? null : serviceName(service, `${name}.service`), layer: Object.freeze(layer) }
}

const callNames: ReadonlySet<string> = new Set([
  'path', 'body', 'contentType', 'method', 'queryString', 'rewriteHeaders', 'rewriteRequestHeaders', 'onResponse', 'onError', 'timeout'
])

/** The balancing layer among the options of one call; null: it has none. Throws when an option is not known. */
export function callLayerOf (options: object): BalanceOptions | null {
  let hasLayer = false
  for (const key of Object.keys(options)) {
    if (balanceNames.has(key)) hasLayer = true
    else if (!callNames.has(key)) throw new OptionError(`option '${key}' of reply.balance() is not known; known are ${[...callNames, ...balanceNames].join(', ')}`)
  }
  return hasLayer ? split(options).balance : null
}

const tls: Rule<TlsOptions> = fieldsOf<TlsOptions>({
  ca: pem, cert: pem, key: pem, servername: text(), rejectUnauthorized: flag
})

function pem (value: unknown, name: string): string | Buffer {
  const isPem = typeof value === 'string' || Buffer.isBuffer(value) || (Array.isArray(value) && value.every(each => typeof each === 'string' || Buffer.isBuffer(each)))
  if (!isPem) throw new OptionError(`option '${name}' must be PEM text or a Buffer`)
  return value as string
}

interface ServiceLayer { slowStartMs: number, panicThreshold: number, tls: TlsOptions, nodes: ReadonlyArray<string | StaticNode> }

const checkService: Rule<Partial<ServiceLayer>> = fieldsOf<ServiceLayer>({
  slowStartMs: duration(0),
  panicThreshold: numberIn(0, 1),
  tls,
  nodes: listOf<string | StaticNode>((value, name) => either(each => typeof each === 'string', text(), staticNode)(value, name))
})

const staticNode: Rule<StaticNode> = (value, name) => fieldsOf<StaticNode>({
  origin: originOf, id: text(), weight: numberIn(0, maxWeight), zone: text(), version: text(), tags: recordOf(text(/^[^]*$/, 'a string')) as Rule<Record<string, string>>
})(value, name) as StaticNode

function resolveService (options: ServiceOptions, base: ResolvedService, service: string, name: string): ResolvedService {
  const { balance, rest } = split(options)
  const { nodes = [], ...layer } = checkService(rest, name)
  const infos = nodes.map((node, index) => {
    const given = typeof node === 'string' ? { origin: node } : node
    return Object.freeze({ ...nodeInfoOf({ ...given, service }, `${name}.nodes[${index}]`), static: true })
  })
  refuseTwins(infos, name)
  return Object.freeze({ ...base, ...layer, balance: layerOver(base.balance, balance, name), nodes: infos })
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
  const defaults = resolveService(common, defaultService, 'defaults', 'defaults')
  const resolved = new Map(Object.entries(services).map(([service, given]) =>
    [serviceName(service, 'services (a key)'), resolveService(given, defaults, service, `services.${service}`)]))
  return Object.freeze({
    services: resolved,
    defaults,
    heartbeat,
    gateways,
    pressure,
    operations: operations === false ? false : { prefix: operations.prefix ?? '/_balance', authorize: operations.authorize ?? null }
  })
}
