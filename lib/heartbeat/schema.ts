import { fieldsOf, flag, integerIn, numberIn, oneOf, text } from '../check.js'
import { HeartbeatInvalidError, OptionError } from '../errors.js'
import { idPattern, maxWeight, servicePattern } from '../node/info.js'
import type { Rule } from '../check.js'
import type { HeartbeatBody } from '../../types/heartbeat.js'
import type { LoadReport } from '../../types/node.js'

/** The body of a heartbeat as the gateway goes on with it: one of `origin` and `port` is there. */
export type CheckedBody = HeartbeatBody & ({ readonly origin: string } | { readonly port: number, readonly origin?: never })

const mostTags = 32
const longestMessage = 300

const orNull = <T>(rule: Rule<T>): Rule<T | null> => (value, name) => value === null ? null : rule(value, name)
const label = text(/^[^]{0,256}$/, 'a string of at most 256 characters')
const amount = orNull(numberIn(0, Number.MAX_SAFE_INTEGER))

const load = knownFieldsOf<LoadReport>({
  eventLoopUtilization: amount,
  eventLoopDelayMs: amount,
  heapUsedBytes: amount,
  rssBytes: amount,
  inFlight: amount,
  underPressure: orNull(flag)
})

const fields = knownFieldsOf<HeartbeatBody>({
  service: text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)'),
  origin: originText,
  port: integerIn(1, 65535),
  id: text(idPattern, 'an id (1 to 128 letters, digits, or any of ._~:@-)'),
  state: oneOf('up', 'draining', 'left'),
  weight: numberIn(0, maxWeight),
  zone: label,
  version: label,
  tags,
  incarnation: integerIn(0),
  seq: integerIn(0),
  load
})

/**
 * Reads the body of a heartbeat. Nothing is coerced, unknown fields are left out. Throws a 400 with code `FST_ERR_VALIDATION` whose
 * message says what is allowed.
 */
export function heartbeatBodyOf (value: unknown): CheckedBody {
  const body = checked(value)
  if (body.service === undefined) throw new HeartbeatInvalidError("field 'service' is missing")
  const { service, origin, port } = body
  if (origin !== undefined && port !== undefined) throw new HeartbeatInvalidError("one of the fields 'origin' and 'port' must be given, got both")
  if (origin !== undefined) return { ...body, service, origin }
  if (port !== undefined) return { ...body, service, port }
  throw new HeartbeatInvalidError("one of the fields 'origin' and 'port' must be given, got none")
}

/** The options' rules serve here too; only what they speak of is a field, and wrong is the sender, not this app. */
function checked (value: unknown): Readonly<Partial<HeartbeatBody>> {
  if (!isRecord(value)) throw new HeartbeatInvalidError('the body must be a JSON object')
  try {
    return fields(value, '')
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    throw new HeartbeatInvalidError(error.message.replace(/^option/, 'field').slice(0, longestMessage))
  }
}

function knownFieldsOf<T extends object> (rules: { readonly [K in keyof T]-?: Rule<T[K]> }): Rule<Readonly<Partial<T>>> {
  const rule = fieldsOf<T>(rules)
  return (value, name) => rule(isRecord(value) ? Object.fromEntries(Object.keys(rules).map(key => [key, own(value, key)])) : value, name)
}

function own (value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

function originText (value: unknown, name: string): string {
  const origin = text(/^[^]{1,512}$/, 'an origin as http://host:port')(value, name)
  if (URL.canParse(origin)) return origin
  throw new OptionError(`option '${name}' must be an origin as http://host:port, got '${origin}'`)
}

function tags (value: unknown, name: string): Readonly<Record<string, string>> {
  if (!isRecord(value) || Object.keys(value).length > mostTags) throw new OptionError(`option '${name}' must be an object of at most ${mostTags} strings`)
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, entry]) => {
    if (!/^[^]{1,64}$/.test(key) || key === '__proto__') throw new OptionError(`option '${name}' must have keys of 1 to 64 characters, got '${key}'`)
    return [key, label(entry, `${name}.${key}`)]
  })))
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
