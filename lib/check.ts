import { OptionError } from './errors.js'

/** The rules by which options are checked, each with one form of message: `option 'a.b' must be …, got …`. A rule takes the value and its name, and gives the value back. */
export type Rule<T> = (value: unknown, name: string) => T

/** What was given of an object's fields: one that is undefined was not. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** An object with all its fields. */
export type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

const shortestSecret = 16

/** Throws the message of a rule that does not hold. Not for secrets: the message shows a string as it is. */
export function refuse (name: string, allowed: string, value: unknown): never {
  throw new OptionError(`option '${name}' must be ${allowed}, got ${describe(value)}`)
}

/** How messages call a value. */
export function describe (value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** A finite number from `min` to `max`. */
export function numberIn (min: number, max: number): Rule<number> {
  return (value, name) => typeof value === 'number' && value >= min && value <= max && Number.isFinite(value)
    ? value
    : refuse(name, max >= Number.MAX_SAFE_INTEGER ? `a number of at least ${min}` : `a number between ${min} and ${max}`, value)
}

/** An integer from `min` to `max`. */
export function integerIn (min: number, max: number = Number.MAX_SAFE_INTEGER): Rule<number> {
  return (value, name) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max
    ? value as number
    : refuse(name, max === Number.MAX_SAFE_INTEGER ? `an integer of at least ${min}` : `an integer between ${min} and ${max}`, value)
}

/** A duration in milliseconds that a timer can hold. */
export const duration = (min: number): Rule<number> => numberIn(min, 2 ** 31 - 1)

/** A string that matches. `allowed` is what the message says of it. */
export function text (pattern: RegExp = /^[^]+$/, allowed: string = 'a non-empty string'): Rule<string> {
  return (value, name) => typeof value === 'string' && pattern.test(value) ? value : refuse(name, allowed, value)
}

/** A text that is long enough to be a secret. Unlike the other rules it does not repeat the text, which would end up in logs. */
export const secretText: Rule<string> = (value, name) => {
  if (typeof value === 'string' && value.length >= shortestSecret) return value
  throw new OptionError(`option '${name}' must be a text of at least ${shortestSecret} characters, got ${typeof value === 'string' ? `one of ${value.length}` : describe(value)}`)
}

export const flag: Rule<boolean> = (value, name) => typeof value === 'boolean' ? value : refuse(name, 'true or false', value)

/** One of the listed values. */
export function oneOf<T extends string> (...allowed: readonly T[]): Rule<T> {
  return (value, name) => allowed.includes(value as T) ? value as T : refuse(name, `one of ${allowed.map(each => `'${each}'`).join(', ')}`, value)
}

/** A function; what it takes and gives is the caller's word. */
export function callable<T> (): Rule<T> {
  return (value, name) => typeof value === 'function' ? value as T : refuse(name, 'a function', value)
}

/** Whichever of two rules holds, by a test. */
export function either<A, B> (test: (value: unknown) => boolean, first: Rule<A>, second: Rule<B>): Rule<A | B> {
  return (value, name) => test(value) ? first(value, name) : second(value, name)
}

/** What can be switched off: `false`, or an object by the rule. */
export function orOff<T extends object> (rule: Rule<T>): Rule<T | false> {
  return (value, name) => value === false ? false : isRecord(value) ? rule(value, name) : refuse(name, 'false or an object ({} for the defaults)', value)
}

/** null, or what the rule allows. */
export function orNull<T> (rule: Rule<T>): Rule<T | null> {
  return (value, name) => value === null ? null : rule(value, name)
}

/** A frozen list, each entry by the rule. */
export function listOf<T> (rule: Rule<T>): Rule<readonly T[]> {
  return (value, name) => Array.isArray(value)
    ? Object.freeze(value.map((entry, index) => rule(entry, `${name}[${index}]`)))
    : refuse(name, 'an array', value)
}

/** An object; what is in it is the caller's word. */
export const record: Rule<Readonly<Record<string, unknown>>> = (value, name) => isRecord(value) ? value : refuse(name, 'an object', value)

/** A frozen record of string keys, each value by the rule. */
export function recordOf<T> (rule: Rule<T>): Rule<Readonly<Record<string, T>>> {
  return (value, name) => {
    if (!isRecord(value)) return refuse(name, 'an object', value)
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, rule(entry, `${name}.${key}`)])))
  }
}

/** Checks the fields of an object one by one. An unknown field is an error; a field that is undefined is left out, so that a default can take its place. */
export function fieldsOf<T extends object> (rules: { readonly [K in keyof T]-?: Rule<T[K]> }): Rule<Given<T>> {
  const known = new Map<string, Rule<unknown>>(Object.entries(rules))
  return (value, name) => {
    if (!isRecord(value)) return refuse(name || 'options', 'an object', value)
    const fields: Record<string, unknown> = {}
    for (const [key, entry] of Object.entries(value)) {
      const path = name === '' ? key : `${name}.${key}`
      const rule = known.get(key)
      if (rule === undefined) throw new OptionError(`option '${path}' is not known; known are ${[...known.keys()].join(', ')}`)
      if (entry !== undefined) fields[key] = rule(entry, path)
    }
    return Object.freeze(fields) as Given<T>
  }
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
