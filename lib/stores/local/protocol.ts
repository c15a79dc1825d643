import type { DrainOrder, GatewayPresence, Lease } from '../../../types/store.js'
import type { Page, SharedMemory } from './memory.js'

/** Goes into the name of the socket: versions of this package that speak otherwise do not meet. Raise it with every change of what is sent. */
export const protocolVersion = 1

/** A line that a client sends; what a lease may have, with room for how it is written. */
export const maxRequestBytes: number = 256 * 1024
/** A line that the hub sends. The orders of many thousand nodes fit into it. */
export const maxAnswerBytes: number = 16 * 1024 * 1024
/** About as much is told of leases in one line. */
const pageBytes = 256 * 1024

/** What can be asked of a hub, and what it answers. */
export interface Operations {
  put: { readonly ask: { readonly lease: Lease }, readonly answer: null }
  drain: { readonly ask: { readonly order: DrainOrder }, readonly answer: null }
  announce: { readonly ask: { readonly gateway: GatewayPresence, readonly ttlMs: number }, readonly answer: null }
  page: { readonly ask: { readonly since: string | null }, readonly answer: Page }
  lease: { readonly ask: { readonly name: string, readonly owner: string, readonly ttlMs: number }, readonly answer: { readonly token: number } | null }
  release: { readonly ask: { readonly name: string, readonly owner: string }, readonly answer: null }
}

export type Operation = keyof Operations
export type Ask<O extends Operation> = Operations[O]['ask']
export type Answer<O extends Operation> = Operations[O]['answer']

/** The hub is gone, and with it whatever it was asked. Everything may be asked again of the next one. */
export class HubGone extends Error {
  constructor () {
    super('the hub of this machine is gone')
  }
}

/** The way to the hub: through a socket, or the short one where it is in this process. Its calls reject with `HubGone` when it ends. */
export interface Link {
  call<O extends Operation> (operation: O, ask: Ask<O>): Promise<Answer<O>>
  close (): void
}

/** A request as it is sent: one line of JSON. */
export interface Request { readonly id: number, readonly operation: Operation, readonly ask: unknown }
/** What a hub sends: an answer, an error, or a hint. */
export type Reply = { readonly id: number, readonly answer: unknown } | { readonly id: number, readonly error: string } | { readonly hint: true }

const performers: { readonly [O in Operation]: (memory: SharedMemory, ask: Ask<O>) => Answer<O> } = {
  put: (memory, { lease }) => done(memory.put(lease)),
  drain: (memory, { order }) => done(memory.drain(order)),
  announce: (memory, { gateway, ttlMs }) => done(memory.announce(gateway, ttlMs)),
  page: (memory, { since }) => memory.page(since ?? undefined, pageBytes),
  lease: (memory, { name, owner, ttlMs }) => memory.lease(name, owner, ttlMs) ?? null,
  release: (memory, { name, owner }) => done(memory.release(name, owner))
}

function done (_: void): null {
  return null
}

/** Does what was asked. */
export function perform<O extends Operation> (memory: SharedMemory, operation: O, ask: Ask<O>): Answer<O> {
  return performers[operation](memory, ask)
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0
const isCountOrNull = (value: unknown): boolean => value === null || isCount(value)
const isNode = (value: unknown): boolean => has(value, { service: isText, id: isText })

const shapes: { readonly [O in Operation]: Readonly<Record<string, (value: unknown) => boolean>> } = {
  put: { lease: value => has(value, { info: isNode, incarnation: isCountOrNull, seq: isCountOrNull, state: isText, ttlMs: isCount }) },
  drain: { order: value => isNode(value) && has(value, { draining: each => typeof each === 'boolean', revision: isCount }) },
  announce: { gateway: value => has(value, { id: isText, address: isText, machine: isText }), ttlMs: isCount },
  page: { since: value => value === null || isText(value) },
  lease: { name: isText, owner: isText, ttlMs: isCount },
  release: { name: isText, owner: isText }
}

/** Reads a line that a client sent. undefined: it is no request, so a stranger sent it. */
export function requestOf (line: string): Request | undefined {
  const value = parsed(line)
  if (!isRecord(value) || !Number.isSafeInteger(value['id']) || !isOperation(value['operation'])) return undefined
  return has(value['ask'], shapes[value['operation']]) ? value as unknown as Request : undefined
}

/** Reads a line that a hub sent. undefined: it is none of a hub. */
export function replyOf (line: string): Reply | undefined {
  const value = parsed(line)
  if (!isRecord(value)) return undefined
  if (value['hint'] === true) return { hint: true }
  const isReply = Number.isSafeInteger(value['id']) && (value['answer'] !== undefined || isText(value['error']))
  return isReply ? value as unknown as Reply : undefined
}

function isOperation (value: unknown): value is Operation {
  return typeof value === 'string' && Object.hasOwn(shapes, value)
}

function has (value: unknown, shape: Readonly<Record<string, (value: unknown) => boolean>>): boolean {
  return isRecord(value) && Object.entries(shape).every(([name, is]) => is(value[name]))
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
