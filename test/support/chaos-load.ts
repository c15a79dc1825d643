import http from 'node:http'
import { performance } from 'node:perf_hooks'
import { startPace } from './pace.js'
import type { Random } from '../../types/clock.js'

export type Method = 'GET' | 'PUT' | 'POST'

/** One request, and what became of it. */
export interface ChaosShot {
  readonly id: string
  readonly method: Method
  /** Monotonic milliseconds: when it was given to a connection. */
  readonly startedAt: number
  readonly endedAt: number
  /** null: no head of an answer came. */
  readonly status: number | null
  /** Why the answer is not the one that was asked for; null: it is. */
  readonly problem: string | null
  /** The worker's process that answered, also with a status that is no success. */
  readonly pid: number | null
}

export interface ChaosLoad {
  /** Sends nothing more. Resolves when every request has come to its end. */
  stop (): Promise<readonly ChaosShot[]>
}

interface Ammunition {
  readonly id: string
  readonly method: Method
  readonly type: string | null
  readonly body: string
}

const perSecond = 150
export const mostConnections = 128
/** Longer than any limit of the gateway for one attempt. */
const patienceMs = 45_000
const mostBytes = 30_000

/** Sends requests at a steady pace, whether or not the earlier ones have their answers: half of them GET, the others PUT and POST, with JSON and with bytes. */
export function startChaosLoad (gateway: string, chance: Random): ChaosLoad {
  const agent = new http.Agent({ keepAlive: true, maxSockets: mostConnections })
  const pace = startPace({ perSecond }, number => shoot(gateway, agent, draw(number, chance)))
  return {
    stop: async () => {
      const shots = await pace.stop()
      agent.destroy()
      return shots
    }
  }
}

function draw (number: number, chance: Random): Ammunition {
  const [drawn, bytes] = [chance(), Math.floor(chance() * mostBytes)]
  const method = drawn < 0.5 ? 'GET' : drawn < 0.65 ? 'PUT' : 'POST'
  const id = `${method}-${number}`
  if (method === 'GET') return { id, method, type: null, body: '' }
  return drawn < 0.85
    ? { id, method, type: 'application/octet-stream', body: `${id} `.padEnd(bytes, 'x') }
    : { id, method, type: 'application/json', body: JSON.stringify({ id }) }
}

function shoot (gateway: string, agent: http.Agent, { id, method, type, body }: Ammunition): Promise<ChaosShot> {
  let startedAt = performance.now()
  const ended = (fields: Pick<ChaosShot, 'status' | 'problem' | 'pid'>): ChaosShot => ({ id, method, startedAt, endedAt: performance.now(), ...fields })
  return new Promise(resolve => {
    const headers = { 'x-request': id, ...type === null ? {} : { 'content-type': type, 'content-length': body.length } }
    const request = http.request(`${gateway}/${id}`, { method, agent, headers, timeout: patienceMs }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk })
      response.on('error', () => {})
      response.once('close', () => {
        const { statusCode: status = null, complete } = response
        const expected = { id, bytes: type === 'application/octet-stream' ? body.length : 0 }
        resolve(ended({ status, ...complete ? judge(status, text, expected) : { problem: 'broken off', pid: null } }))
      })
    })
    request.once('socket', () => { startedAt = performance.now() })
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', error => resolve(ended({ status: null, problem: String(error), pid: null })))
    request.end(body)
  })
}

/** The worker echoes the id and the length of the body. */
function judge (status: number | null, text: string, expected: { readonly id: string, readonly bytes: number }): Pick<ChaosShot, 'problem' | 'pid'> {
  const problem = text.slice(0, 200)
  try {
    const { id, bytes, pid = null } = JSON.parse(text)
    return { problem: status === 200 && id === expected.id && bytes === expected.bytes ? null : problem, pid }
  } catch {
    return { problem, pid: null }
  }
}
