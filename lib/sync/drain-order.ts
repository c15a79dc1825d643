import { flag, numberIn, text } from '../check.js'
import { OptionError } from '../errors.js'
import { idPattern, servicePattern } from '../node/info.js'
import type { DrainOrder } from '../../types/store.js'

/** A revision that leaves room for higher ones. */
const revisionRule = numberIn(0, Number.MAX_SAFE_INTEGER / 2)
const serviceRule = text(servicePattern, 'the name of a service')
const idRule = text(idPattern, 'the id of a node')

/** Checks an order that a store shows. Throws `FST_BALANCE_OPTION`. */
export function drainOrderOf (value: unknown): DrainOrder {
  if (typeof value !== 'object' || value === null) throw new OptionError("option 'order' must be an object")
  const { service, id, draining, revision } = value as Record<string, unknown>
  return Object.freeze({
    service: serviceRule(service, 'order.service'),
    id: idRule(id, 'order.id'),
    draining: flag(draining, 'order.draining'),
    revision: revisionRule(revision, 'order.revision')
  })
}
