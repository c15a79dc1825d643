import { OptionError } from '../errors.js'
import { fieldsOf, flag, numberIn, orNull, recordOf, refuse, text } from '../check.js'
import type { Rule } from '../check.js'
import type { NodeInfo } from '../../types/node.js'

/** What a service may be called. */
export const servicePattern: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** What a node's id may be. */
export const idPattern: RegExp = /^[A-Za-z0-9._~:@-]{1,128}$/
/** Heaviest weight of a node. */
export const maxWeight = 1000

const fields: Rule<Readonly<Partial<NodeInfo>>> = fieldsOf<NodeInfo>({
  service: text(servicePattern, 'a service name (a letter or digit, then up to 63 letters, digits, dots, underscores, hyphens)'),
  id: text(idPattern, 'an id (1 to 128 letters, digits, or any of ._~:@-)'),
  origin: (value, name) => originOf(value, name),
  address: orNull(text()),
  weight: numberIn(0, maxWeight),
  zone: orNull(text()),
  version: orNull(text()),
  tags: recordOf(text(/^[^]*$/, 'a string')),
  static: flag
})

/** Completes and checks what is known of a node. Throws `FST_BALANCE_OPTION`; `name` is what the message calls it. */
export function nodeInfoOf (given: Pick<NodeInfo, 'service' | 'origin'> & Partial<NodeInfo>, name: string): NodeInfo {
  const { service, origin, ...rest } = fields(given, name)
  if (service === undefined) throw new OptionError(`option '${name}.service' is missing`)
  if (origin === undefined) throw new OptionError(`option '${name}.origin' is missing`)
  return Object.freeze({
    address: null, weight: 1, zone: null, version: null, tags: Object.freeze({}), static: false, id: idOf(origin), ...rest, service, origin
  })
}

/** The default id of a node: host:port of its origin. */
export function idOf (origin: string): string {
  const { hostname, port, protocol } = new URL(origin)
  return `${hostname.replace(/[[\]]/g, '')}:${port === '' ? defaultPort(protocol) : port}`
}

function defaultPort (protocol: string): string {
  return protocol === 'https:' ? '443' : '80'
}

/** An origin in its normal form. Refuses all that is not `http(s)://host[:port]`. */
export function originOf (value: unknown, name: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null
  const isPlain = url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' &&
    url.pathname === '/' && url.search === '' && url.hash === '' && url.hostname !== ''
  return isPlain ? url.origin : refuse(name, 'an origin as http://host:port, without path, query, fragment or user', withoutUser(value))
}

/** A password must not reach the log. */
function withoutUser (value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^[^]*@/, '…@') : value
}

/** Whether two descriptions of a node say the same. */
export function isSameInfo (a: NodeInfo, b: NodeInfo): boolean {
  return a.id === b.id && a.origin === b.origin && a.address === b.address && a.weight === b.weight && a.zone === b.zone &&
    a.version === b.version && a.static === b.static && isSameTags(a.tags, b.tags)
}

function isSameTags (a: NodeInfo['tags'], b: NodeInfo['tags']): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key])
}
