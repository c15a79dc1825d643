import http from 'node:http'
import { performance } from 'node:perf_hooks'

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

const tickMs = 10
/** More connections than that, and on a slow machine the gateway would be busy with accepting them: Node takes one per turn of its event loop. */
const mostConnections = 64
/** Further ones are not sent while so many have no answer: a machine that is too slow gets fewer. */
const mostRunning = 500
let count = 0

/** Sends requests at a steady pace, whether or not the earlier ones have their answers: GET and POST in turn. */
export function load (gateway: string, { perSecond }: { readonly perSecond: number }): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: mostConnections })
  const shots: Shot[] = []
  const running = new Set<Promise<void>>()
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) * perSecond / 1000)
    for (; sent < due; sent++) {
      if (running.size >= mostRunning) continue
      const shot = shoot(gateway, agent).then(done => {
        shots.push(done)
        running.delete(shot)
      })
      running.add(shot)
    }
  }, tickMs)
  return {
    shots,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(running)
      agent.destroy()
      return shots
    }
  }
}

function shoot (gateway: string, agent: http.Agent): Promise<Shot> {
  const method = ++count % 2 === 0 ? 'GET' : 'POST'
  const id = `${method}-${count}`
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
