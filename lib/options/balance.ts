import { callable, duration, either, fieldsOf, flag, integerIn, listOf, numberIn, oneOf, orOff, record, text } from '../check.js'
import { OptionError } from '../errors.js'
import { servicePattern } from '../node/info.js'
import { strategies } from '../strategies/index.js'
import type { Complete, Rule } from '../check.js'
import type { BalanceOptions, CallOptions, HedgeOptions, RouteOptions } from '../../types/options.js'
import type { StrategyFactory, StrategyName } from '../../types/strategy.js'

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
  readonly hedge: Complete<HedgeOptions> | false
}

/** Some of the options: what one layer lays over another. */
export type Layer<T> = { -readonly [K in keyof T]?: NonNullable<T[K]> }

export const defaultBalance: ResolvedBalance = Object.freeze({
  strategy: 'adaptive',
  filter: null,
  attempts: 3,
  retryOn: new Set([502, 503, 504]),
  idempotent: null,
  connectTimeoutMs: 1000,
  attemptTimeoutMs: 30_000,
  timeoutMs: 60_000,
  replayBytes: 65_536,
  forwarded: true,
  hedge: false
} as const)

const strategyNames = Object.keys(strategies) as StrategyName[]
const statuses: Rule<ReadonlySet<number>> = (value, name) => new Set(listOf(integerIn(400, 599))(value, name))
const hedgeFields = fieldsOf<HedgeOptions>({ percentile: numberIn(0, 1), maxRatio: numberIn(0, 1) })
const hedge: Rule<ResolvedBalance['hedge']> = orOff((value, name) => Object.freeze({ percentile: 0.95, maxRatio: 0.05, ...hedgeFields(value, name) }))

/** The rules of the options of balancing. */
export const balanceRules: { readonly [K in keyof ResolvedBalance]: Rule<NonNullable<ResolvedBalance[K]>> } = {
  strategy: either(value => typeof value === 'function', callable<StrategyFactory>(), oneOf(...strategyNames)),
  filter: callable<NonNullable<ResolvedBalance['filter']>>(),
  attempts: integerIn(1, 100),
  retryOn: statuses,
  idempotent: either(value => typeof value === 'function', callable<Exclude<NonNullable<ResolvedBalance['idempotent']>, boolean>>(), flag),
  connectTimeoutMs: duration(1),
  attemptTimeoutMs: duration(1),
  timeoutMs: duration(1),
  replayBytes: integerIn(0, 2 ** 30),
  forwarded: flag,
  hedge
}

const checkBalance: Rule<Layer<ResolvedBalance>> = fieldsOf<Layer<ResolvedBalance>>(balanceRules)
const balanceNames: ReadonlySet<string> = new Set(Object.keys(balanceRules))

/** Checks one layer of balancing options and lays it over another. */
export function layerOver (base: ResolvedBalance, layer: BalanceOptions, name: string): ResolvedBalance {
  return Object.freeze({ ...base, ...checkBalance(layer, name) })
}

/** The name of a service. */
export const serviceName: Rule<string> = text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)')

const checkRoute: Rule<Partial<Layer<ResolvedBalance> & { service: string }>> =
  fieldsOf<Layer<ResolvedBalance> & { service: string }>({ service: serviceName, ...balanceRules })

/** Checks `config.balance` of a route: the service it names, and the layer over that service's options. */
export function resolveRoute (config: RouteOptions, name: string): { service: string | null, layer: BalanceOptions } {
  checkRoute(config, name)
  const { service = null, ...layer } = config
  return Object.freeze({ service, layer: Object.freeze(layer) })
}

const anyText = text(/^[^]*$/, 'a string')

/** The rules of what only a call takes. */
const callRules: { readonly [K in Exclude<keyof CallOptions, keyof BalanceOptions>]: Rule<unknown> } = {
  path: anyText,
  body: value => value,
  contentType: text(),
  method: text(/^[A-Za-z-]+$/, 'an HTTP method'),
  queryString: either<unknown, unknown>(value => typeof value === 'function', callable(), record),
  rewriteHeaders: callable(),
  rewriteRequestHeaders: callable(),
  onResponse: callable(),
  onError: callable(),
  timeout: duration(0)
}
const callNames = new Map<string, Rule<unknown>>(Object.entries(callRules))

/** Checks what only a call takes, and gives the balancing layer among its options; null: it has none. Throws when an option is not known. */
export function callLayerOf (options: object): BalanceOptions | null {
  let layer: Record<string, unknown> | null = null
  for (const [key, value] of Object.entries(options)) {
    const rule = callNames.get(key)
    if (rule === undefined && !balanceNames.has(key)) {
      throw new OptionError(`option '${key}' of reply.balance() is not known; known are ${[...callNames.keys(), ...balanceNames].join(', ')}`)
    }
    if (rule === undefined) (layer ??= {})[key] = value
    else if (value !== undefined) rule(value, `reply.balance().${key}`)
  }
  return layer
}
