import { setTimeout as sleep } from 'node:timers/promises'
import { answer } from '../answer.js'
import { now } from './clock.js'
import { Connections } from './connections.js'

// The load generator: open loop, so that a slow answer delays no other request and none of the waiting is left out.
const mostConnections = 1024
const mostMs = 10_000
const tickMs = 1
let connections

/**
 * Sends so many requests, each at its time whatever became of those before; every fifth is a POST of 1 KiB. Resolves when all have ended:
 * `[id, dueAt, sentAt, endedAt, status, worker]` each; status 0: no whole answer that belongs to the request, worker null: not known.
 */
async function run ({ port, startAt, perSecond, requests, prefix }) {
  connections ??= new Connections(port, mostConnections)
  const shots = []
  for (let sent = 0; sent < requests; await sleep(tickMs)) {
    const due = Math.min(requests, Math.floor((now() - startAt) * perSecond / 1000) + 1)
    for (; sent < due; sent++) {
      const method = sent % 5 === 4 ? 'POST' : 'GET'
      shots.push(shoot({ method, id: `${method}-${prefix}-${sent}`, dueAt: startAt + sent * 1000 / perSecond }))
    }
  }
  return await Promise.all(shots)
}

function shoot ({ method, id, dueAt }) {
  return new Promise(resolve => connections.send(bytesOf(method, id), mostMs, ({ sentAt, status, text }) => {
    const endedAt = now()
    const found = answerIn(text)
    const isOwn = status !== 200 || found.id === id
    resolve([id, dueAt, sentAt, endedAt, isOwn ? status : 0, found.worker ?? null])
  }))
}

function bytesOf (method, id) {
  const head = `${method} /work HTTP/1.1\r\nhost: 127.0.0.1\r\nx-request: ${id}\r\n`
  if (method === 'GET') return `${head}\r\n`
  const body = JSON.stringify({ id, text: '' }).replace('""', `"${'x'.repeat(1005 - id.length)}"`)
  return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** What a worker says in its answer; nothing in the error page of a proxy. */
function answerIn (text) {
  const json = /\{.*\}/.exec(text)
  try {
    return json === null ? {} : JSON.parse(json[0])
  } catch {
    return {}
  }
}

answer({ run, close: () => connections?.end() })
