import { callable, duration, either, fieldsOf, integerIn, listOf, secretText, text } from '../check.js'
import { OptionError } from '../errors.js'
import { idPattern, servicePattern } from '../node/info.js'
import { isNetwork, networksOf } from './networks.js'
import { defaultKeyId } from './signature.js'
import type { FastifyRequest } from 'fastify'
import type { Networks } from './networks.js'
import type { Given, Rule } from '../check.js'
import type { HeartbeatOptions, HeartbeatSecret } from '../../types/options.js'

/** A secret that lets senders in. */
export interface HeartbeatKey {
  readonly id: string
  readonly secret: string
  /** The services that it may register; null: all. */
  readonly services: readonly string[] | null
}

/** How senders prove who they are. */
export type Authentication =
  | { readonly kind: 'signature', readonly keys: readonly HeartbeatKey[] }
  | { readonly kind: 'custom', readonly authenticate: (request: FastifyRequest) => boolean | Promise<boolean> }
  /** Only processes of this machine. `chosen`: the options say so; otherwise they say nothing. */
  | { readonly kind: 'loopback', readonly chosen: boolean }

/** Which addresses may be registered besides the sender's own. */
export interface AllowedAddresses {
  readonly networks: Networks
  /** null: all. */
  readonly ports: readonly number[] | null
  /** In lower case; `.suffix` stands for every name that ends so. */
  readonly hosts: readonly string[]
}

/** The heartbeat options of a gateway, checked and complete. */
export interface ResolvedHeartbeat {
  readonly path: string
  readonly authentication: Authentication
  readonly allow: AllowedAddresses
  /** null: any. */
  readonly services: readonly string[] | null
  readonly intervalMs: number
  readonly missed: number
  readonly maxNodes: number
}

const defaults = Object.freeze({ path: '/heartbeat', intervalMs: 1000, missed: 3, maxNodes: 10000 })

const serviceNames = listOf(text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)'))

const secretEntry: Rule<Given<HeartbeatSecret>> = fieldsOf<HeartbeatSecret>({
  id: text(idPattern, 'a key id (1 to 128 letters, digits, or any of ._~:@-)'),
  secret: secretText,
  services: serviceNames
})

const fields: Rule<Given<HeartbeatOptions>> = fieldsOf<HeartbeatOptions>({
  path: text(/^\/[^\s?#:*]*$/, "a path that starts with '/', without parameters, wildcards or query"),
  secret: either(value => value === false, () => false as const, secretText),
  secrets: listOf(secretOf),
  authenticate: callable(),
  allow: fieldsOf<NonNullable<HeartbeatOptions['allow']>>({
    cidrs: listOf(networkText),
    ports: listOf(integerIn(1, 65535)),
    hosts: listOf(text(/^\.?(?:[a-z0-9_-]+\.)*[a-z_-][a-z0-9_-]*$/i, 'a host name, or .suffix for all that end so (addresses belong in allow.cidrs)'))
  }),
  services: serviceNames,
  intervalMs: duration(1),
  missed: integerIn(1, 1000),
  maxNodes: integerIn(0)
})

/**
 * Checks and completes `heartbeat` of the gateway's options. Throws `FST_BALANCE_OPTION`; in production also when nothing says who may
 * register, for then every process of the machine could.
 */
export function resolveHeartbeat (options: HeartbeatOptions | undefined, env: { readonly production: boolean }): ResolvedHeartbeat {
  const { path, intervalMs, missed, maxNodes, services, allow, ...proof } = { ...defaults, ...fields(options ?? {}, 'heartbeat') }
  return Object.freeze({
    path,
    authentication: authenticationOf(proof, env.production),
    allow: Object.freeze({
      networks: networksOf(allow?.cidrs ?? []),
      ports: allow?.ports ?? null,
      hosts: Object.freeze((allow?.hosts ?? []).map(host => host.toLowerCase()))
    }),
    services: services ?? null,
    intervalMs,
    missed,
    maxNodes
  })
}

function authenticationOf ({ secret, secrets = [], authenticate }: Pick<HeartbeatOptions, 'secret' | 'secrets' | 'authenticate'>, isProduction: boolean): Authentication {
  if (authenticate !== undefined) return Object.freeze({ kind: 'custom', authenticate })
  if (secret === false && secrets.length > 0) throw new OptionError("option 'heartbeat.secret' must not be false where 'heartbeat.secrets' has entries")
  if (secret === false) return Object.freeze({ kind: 'loopback', chosen: true })
  const keys = keysOf(secret, secrets)
  if (keys.length > 0) return Object.freeze({ kind: 'signature', keys })
  if (isProduction) {
    throw new OptionError("option 'heartbeat.secret' must be given when NODE_ENV is production: set heartbeat.secret, heartbeat.secrets or heartbeat.authenticate, or secret: false to let only processes of this machine register")
  }
  return Object.freeze({ kind: 'loopback', chosen: false })
}

function keysOf (secret: string | undefined, secrets: readonly HeartbeatSecret[]): readonly HeartbeatKey[] {
  const keys = secrets.map(({ id, secret, services = null }) => Object.freeze({ id, secret, services }))
  if (secret !== undefined) keys.unshift(Object.freeze({ id: defaultKeyId, secret, services: null }))
  const ids = new Set<string>()
  for (const { id } of keys) {
    if (ids.has(id)) throw new OptionError(`option 'heartbeat.secrets' must have each key id once, got '${id}' twice ('${defaultKeyId}' is that of heartbeat.secret)`)
    ids.add(id)
  }
  return Object.freeze(keys)
}

function secretOf (value: unknown, name: string): HeartbeatSecret {
  const { id, secret, services } = secretEntry(value, name)
  if (id === undefined) throw new OptionError(`option '${name}.id' is missing`)
  if (secret === undefined) throw new OptionError(`option '${name}.secret' is missing`)
  return Object.freeze(services === undefined ? { id, secret } : { id, secret, services })
}

function networkText (value: unknown, name: string): string {
  const cidr = text(/^[^]+$/, 'a network as 10.0.0.0/8')(value, name)
  if (isNetwork(cidr)) return cidr
  throw new OptionError(`option '${name}' must be a network as 10.0.0.0/8, got '${cidr}'`)
}
