import { describe } from '../check.js'
import { OptionError } from '../errors.js'
import type { IncomingHttpHeaders } from 'node:http'

/** Calls a hook of the app, which may be async. What it throws is given to `failed`. */
export function caught (hook: () => unknown, failed: (thrown: unknown) => void): void {
  try {
    const outcome = hook()
    if (outcome instanceof Promise) outcome.catch(failed)
  } catch (thrown) {
    failed(thrown)
  }
}

/** What a hook of the app made of headers. Throws `FST_BALANCE_OPTION` when it forgot to return them. */
export function checkedHeaders (headers: unknown, hook: string): IncomingHttpHeaders {
  if (typeof headers === 'object' && headers !== null && !(headers instanceof Promise)) return headers as IncomingHttpHeaders
  throw new OptionError(`'${hook}' of reply.balance() must return the headers, got ${describe(headers)}`)
}
