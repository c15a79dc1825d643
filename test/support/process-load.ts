import http from 'node:http'
import { performance } from 'node:perf_hooks'
import { startPace } from './pace.js'

/** One request of a load, and what became of it. */
export interface Shot {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Monotonic milliseconds: when it was given to a connection. */
  readonly startedAt: number
  readonly endedAt: number
  /** null: no answer came. */
  readonly status: number | null
  /** The error, or the body when it is no JSON. */
  readonly problem: string | null
  /** The process that answered. */
  readonly pid: number | null
}

export interface Load {
  readonly shots: readonly Shot[]
  /** Sends nothing more. Resolves when every request has its answer. */
  stop (): Promise<readonly Shot[]>
}

/** More connections than that, and on a slow machine the gateway would be busy with accepting them: Node takes one per turn of its event loop. */
const mostConnections = 64
/** Further ones are not sent while so many have no answer: a machine that is too slow gets fewer. */
const mostRunning = 500
let count = 0

/**
 * Sends requests at a steady pace, whether or not the earlier ones have their answers: GET and POST in turn. To several gateways in turn;
 * where a connection is refused, or lost before an answer began, to the next one.
 */
export function load (gateway: string | readonly string[], { perSecond }: { readonly perSecond: number }): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: mostConnections })
  const pace = startPace({ perSecond, mostRunning }, () => shoot([gateway].flat(), agent))
  return {
    shots: pace.shots,
    stop: async () => {
      const shots = await pace.stop()
      agent.destroy()
      return shots
    }
  }
}

async function shoot (gateways: readonly string[], agent: http.Agent): Promise<Shot> {
  const number = ++count
  const method = number % 2 === 0 ? 'GET' : 'POST'
  const id = `${method}-${number}`
  // a pair goes to each in turn, so that each gets GET and POST
  const first = Math.floor(number / 2)
  let shot = await tryAt(gateways[first % gateways.length] ?? '', { method, id }, agent)
  for (let tries = 1; tries < gateways.length && shot.status === null; tries++) {
    const { startedAt } = shot
    shot = { ...await tryAt(gateways[(first + tries) % gateways.length] ?? '', { method, id }, agent), startedAt }
  }
  return shot
}

function tryAt (gateway: string, { method, id }: Pick<Shot, 'method' | 'id'>, agent: http.Agent): Promise<Shot> {
  let startedAt = performance.now()
  const settled = (fields: Pick<Shot, 'status' | 'problem' | 'pid'>): Shot => ({ id, method, startedAt, endedAt: performance.now(), ...fields })
  return new Promise(resolve => {
    const body = method === 'GET' ? undefined : JSON.stringify({ id })
    const headers = { 'x-request': id, ...body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length } }
    const request = http.request(`${gateway}/${id}`, { method, agent, headers, timeout: 30_000 }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk })
      response.once('close', () => resolve(settled({ status: response.statusCode ?? null, ...answerOf(text, id, response.complete) })))
    })
    request.once('socket', () => { startedAt = performance.now() })
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', error => resolve(settled({ status: null, problem: String(error), pid: null })))
    request.end(body)
  })
}

/** The worker echoes the id; a POST's from the body. */
function answerOf (text: string, id: string, complete: boolean): Pick<Shot, 'problem' | 'pid'> {
  if (!complete) return { problem: `broken off after ${text}`, pid: null }
  try {
    const { pid, id: answered } = JSON.parse(text)
    return answered === id ? { problem: null, pid } : { problem: text, pid: null }
  } catch {
    return { problem: text, pid: null }
  }
}

export function failed (shots: readonly Shot[]): Shot[] {
  return shots.filter(({ status, problem }) => status !== 200 || problem !== null)
}

/** Milliseconds below which `share` of the requests had their answer. */
export function quantile (shots: readonly Shot[], share: number): number {
  const times = shots.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b)
  return Math.round((times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0) * 10) / 10
}
