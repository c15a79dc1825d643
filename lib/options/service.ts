import { isIP } from 'node:net'
import { duration, either, fieldsOf, flag, integerIn, listOf, numberIn, oneOf, orOff, recordOf, refuse, text } from '../check.js'
import { OptionError } from '../errors.js'
import { maxWeight, nodeInfoOf, originOf } from '../node/info.js'
import { balanceRules, defaultBalance } from './balance.js'
import type { Complete, Given, Rule } from '../check.js'
import type { Layer, ResolvedBalance } from './balance.js'
import type { NodeInfo } from '../../types/node.js'
import type { ServiceOptions } from '../../types/options.js'
import type { DiscoverOptions, EjectionOptions, HealthOptions, QueueOptions, RetryBudgetOptions, StaticNode, TlsOptions } from '../../types/service.js'

/** What is configured for one service, complete. */
export interface ResolvedService {
  readonly balance: ResolvedBalance
  readonly nodes: readonly NodeInfo[]
  readonly discover: DiscoverOptions | null
  readonly slowStartMs: number
  readonly panicThreshold: number
  readonly ejection: Complete<EjectionOptions> | false
  readonly retryBudget: Complete<RetryBudgetOptions>
  readonly maxInFlight: number
  readonly queue: Complete<QueueOptions>
  readonly health: Complete<HealthOptions> | false
  readonly tls: Readonly<TlsOptions> | null
}

const defaultEjection: Complete<EjectionOptions> = Object.freeze({
  consecutive: 5, connect: 3, silenceMs: 1000, successRatio: 0.8, windowMs: 10_000, minRequests: 10, baseMs: 1000, maxMs: 60_000, maxRatio: 0.5
})

export const defaultService: ResolvedService = Object.freeze({
  balance: defaultBalance,
  nodes: Object.freeze([]),
  discover: null,
  slowStartMs: 10_000,
  panicThreshold: 0.5,
  ejection: defaultEjection,
  retryBudget: Object.freeze({ ratio: 0.2, perSecond: 10 }),
  maxInFlight: 1024,
  queue: Object.freeze({ size: 1024, timeoutMs: 1000 }),
  health: false,
  tls: null
})

const defaultHealth = Object.freeze({ intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 })

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

/** What one layer says of a service. Options that have options are laid over each other one by one. */
interface ServiceLayer extends Layer<ResolvedBalance> {
  slowStartMs: number
  panicThreshold: number
  ejection: Given<EjectionOptions> | false
  retryBudget: Given<RetryBudgetOptions>
  maxInFlight: number
  queue: Given<QueueOptions>
  health: GivenHealth | false
  tls: TlsOptions
}
type GivenHealth = Given<HealthOptions> & Pick<HealthOptions, 'path'>
type GivenNode = Given<StaticNode> & Pick<StaticNode, 'origin'>
type GivenNodes = { nodes: ReadonlyArray<string | GivenNode>, discover: DiscoverOptions }

const staticNode: Rule<GivenNode> = fieldsOf<StaticNode>({
  origin: originOf, id: text(), weight: numberIn(0, maxWeight), zone: text(), version: text(), tags: recordOf(text(/^[^]*$/, 'a string')) as Rule<Record<string, string>>
}) as Rule<GivenNode>

const dnsName = text(/^[A-Za-z0-9._-]{1,253}$/, 'a DNS name')

/** As `setServers` of Node takes it. Of others it throws when the first answer is asked for, or, for port 0, ends the process. */
const nameServer: Rule<string> = (value, name) => {
  const [, bracketed, plain, suffix] = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(String(value)) ?? []
  const isSplit = (isIP(bracketed ?? '') === 6 || isIP(plain ?? '') === 4) && (suffix === undefined || (Number(suffix) > 0 && Number(suffix) < 65_536))
  return typeof value === 'string' && (isIP(value) !== 0 || isSplit) ? value : refuse(name, "the IP address of a name server, with its port as '10.0.0.2:8600' or '[fd00::2]:8600'", value)
}

const discoverFields = fieldsOf<{ srv: string, a: string, port: number, scheme: 'http' | 'https', servers: readonly string[] }>({
  srv: dnsName, a: dnsName, port: integerIn(1, 65_535), scheme: oneOf('http', 'https'), servers: listOf(nameServer)
})

function discovery (value: unknown, path: string): DiscoverOptions {
  const { srv, a, port, ...rest } = discoverFields(value, path)
  if (srv !== undefined && a === undefined && port === undefined) return Object.freeze({ srv, ...rest })
  if (srv === undefined && a !== undefined && port !== undefined) return Object.freeze({ a, port, ...rest })
  throw new OptionError(`option '${path}' needs either 'srv', a name with SRV records, or 'a' and 'port', a name with addresses and the port of the nodes`)
}

const serviceRules = {
  ...balanceRules,
  slowStartMs: duration(0),
  panicThreshold: numberIn(0, 1),
  ejection: orOff(fieldsOf<EjectionOptions>({
    consecutive: integerIn(1),
    connect: integerIn(1),
    silenceMs: duration(100),
    successRatio: numberIn(0, 1),
    windowMs: duration(10),
    minRequests: integerIn(1),
    baseMs: duration(1),
    maxMs: duration(1),
    maxRatio: numberIn(0, 1)
  })),
  retryBudget: fieldsOf<RetryBudgetOptions>({ ratio: numberIn(0, 100), perSecond: numberIn(0, 1_000_000) }),
  maxInFlight: integerIn(1),
  queue: fieldsOf<QueueOptions>({ size: integerIn(0), timeoutMs: duration(1) }),
  health: orOff(fieldsOf<HealthOptions>({
    path: text(/^\/[^\s#]*$/, "a path that begins with '/'"),
    intervalMs: duration(100),
    timeoutMs: duration(1),
    rise: integerIn(1),
    fall: integerIn(1)
  }) as Rule<GivenHealth>),
  tls
}
const checkDefaults: Rule<Partial<ServiceLayer>> = fieldsOf<ServiceLayer>(serviceRules)
const checkService: Rule<Partial<ServiceLayer & GivenNodes>> = fieldsOf<ServiceLayer & GivenNodes>({
  nodes: listOf<string | GivenNode>(either(each => typeof each === 'string', text(), staticNode)),
  discover: discovery,
  ...serviceRules
})

/** Checks `services[service]` and lays it over `base`. `name` is what messages call it. */
export function resolveService (options: ServiceOptions, base: ResolvedService, service: string, name: string): ResolvedService {
  const { nodes = [], discover = null, ...layer } = checkService(options, name)
  const infos = nodes.map((node, index) => {
    const given = typeof node === 'string' ? { origin: node } : node
    return Object.freeze({ ...nodeInfoOf({ ...given, service }, `${name}.nodes[${index}]`), static: true })
  })
  refuseTwins(infos, name)
  return Object.freeze({ ...serviceOver(base, layer, infos, name), discover })
}

/** Checks `defaults` and lays it over the defaults of this package. */
export function resolveDefaults (options: Omit<ServiceOptions, 'nodes'>, name: string): ResolvedService {
  return serviceOver(defaultService, checkDefaults(options, name), [], name)
}

function serviceOver (base: ResolvedService, layer: Partial<ServiceLayer>, nodes: readonly NodeInfo[], name: string): ResolvedService {
  const {
    slowStartMs = base.slowStartMs, panicThreshold = base.panicThreshold, maxInFlight = base.maxInFlight, tls = base.tls,
    ejection, retryBudget, queue, health, ...balance
  } = layer
  return Object.freeze({
    balance: Object.freeze({ ...base.balance, ...balance }),
    nodes: Object.freeze(nodes),
    discover: null,
    slowStartMs,
    panicThreshold,
    ejection: ejection === undefined ? base.ejection : ejection === false ? false : Object.freeze({ ...base.ejection || defaultEjection, ...ejection }),
    retryBudget: Object.freeze({ ...base.retryBudget, ...retryBudget }),
    maxInFlight,
    queue: Object.freeze({ ...base.queue, ...queue }),
    health: health === undefined ? base.health : healthOver(base.health, health, name),
    tls
  })
}

function healthOver (base: ResolvedService['health'], health: GivenHealth | false, name: string): ResolvedService['health'] {
  if (health === false) return false
  const { path, ...rest } = { ...defaultHealth, ...base || {}, ...health }
  if (path === undefined) throw new OptionError(`option '${name}.health.path' is missing: what the checks ask for, for instance '/health'`)
  return Object.freeze({ path, ...rest })
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
