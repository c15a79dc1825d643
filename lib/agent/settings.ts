import { callable, duration, fieldsOf, listOf, numberIn, recordOf, secretText, text } from '../check.js'
import type { Given, Rule } from '../check.js'
import { OptionError } from '../errors.js'
import { idPattern, maxWeight, originOf, servicePattern } from '../node/info.js'
import type { LoadReport } from '../../types/node.js'
import type { AgentOptions } from '../../types/agent.js'
import { gatewayUrlOf } from './gateways.js'
import { defaultKeyId } from '../heartbeat/signature.js'

/** The options of the agent, checked and complete. null: not given. */
export interface AgentSettings {
  readonly service: string
  /** Heartbeat URLs, at least one, without repetition. */
  readonly gateways: readonly string[]
  readonly secret: string | null
  readonly secretId: string
  readonly id: string | null
  readonly origin: string | null
  readonly weight: number
  readonly zone: string | null
  readonly version: string | null
  readonly tags: Readonly<Record<string, string>> | null
  readonly intervalMs: number
  readonly drainMs: number
  readonly load: (() => Partial<LoadReport>) | null
}

const maxTags = 32
const label = text(/^[^]{1,256}$/, 'a string of 1 to 256 characters')
/** What is left of 16 KiB when id, origin, load and the like have taken their part. */
const maxLabelBytes = 12 * 1024

const fields: Rule<Given<AgentOptions>> = fieldsOf<AgentOptions>({
  service: text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)'),
  gateways: listOf(gatewayUrl),
  secret: secretText,
  secretId: text(idPattern, 'a key id (1 to 128 letters, digits, or any of ._~:@-)'),
  id: text(idPattern, 'an id (1 to 128 letters, digits, or any of ._~:@-)'),
  origin: originOf,
  weight: numberIn(0, maxWeight),
  zone: label,
  version: label,
  tags: tagsOf,
  intervalMs: duration(10),
  drainMs: duration(0),
  load: callable<() => Partial<LoadReport>>()
})

/** Checks and completes what `app.register(agent, options)` was given. Throws `FST_BALANCE_OPTION`. */
export function agentSettingsOf (options: AgentOptions): AgentSettings {
  const { service, gateways, ...rest } = fields(options, '')
  if (service === undefined) throw new OptionError("option 'service' is missing: the name of the service that this app serves")
  if (gateways === undefined || gateways.length === 0) {
    throw new OptionError("option 'gateways' must name at least one gateway, for instance 'http://10.0.0.2:8080'")
  }
  const { zone = null, version = null, tags = null } = rest
  if (Buffer.byteLength(JSON.stringify({ zone, version, tags })) > maxLabelBytes) {
    throw new OptionError(`option 'tags' must leave room in a heartbeat of 16 KiB: with zone and version at most ${maxLabelBytes} bytes`)
  }
  return Object.freeze({
    secret: null,
    secretId: defaultKeyId,
    id: null,
    origin: null,
    weight: 1,
    intervalMs: 1000,
    drainMs: 10_000,
    load: null,
    ...rest,
    zone,
    version,
    tags,
    service,
    gateways: Object.freeze([...new Set(gateways)])
  })
}

function gatewayUrl (value: unknown, name: string): string {
  const url = gatewayUrlOf(value)
  if (url !== null) return url
  throw new OptionError(`option '${name}' must be a gateway's address as http://host:port, without user, query and fragment, got '${String(value)}'`)
}

function tagsOf (value: unknown, name: string): Readonly<Record<string, string>> {
  const tags = recordOf(text(/^[^]{0,256}$/, 'a string of at most 256 characters'))(value, name)
  const keys = Object.keys(tags)
  if (keys.length > maxTags) throw new OptionError(`option '${name}' must have at most ${maxTags} entries, got ${keys.length}`)
  if (keys.some(key => key.length === 0 || key.length > 64)) throw new OptionError(`option '${name}' must have keys of 1 to 64 characters`)
  return tags
}
