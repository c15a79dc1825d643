import { connect } from 'node:net'
import { once } from 'node:events'
import { answer } from './answer.js'
import { heartbeats } from './heartbeat-requests.js'
import { workloads } from './workloads.js'

/** One keep-alive connection of the closed loop: a request is sent when the answer to the one before is complete. */
class Connection {
  #rest = 0
  #text = ''
  #status = 0
  #chunked = false

  constructor (port, answered) {
    this.answered = answered
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('data', chunk => this.#read(chunk))
    this.socket.on('error', () => {})
    this.socket.once('close', () => { if (!this.ended) this.answered(this, 0) })
  }

  send (bytes) {
    this.socket.write(bytes)
  }

  end () {
    this.ended = true
    this.socket.destroy()
  }

  #read (chunk) {
    if (this.#chunked) return this.#readChunked(chunk)
    if (this.#rest > 0) this.#rest -= chunk.length
    else if (!this.#readHead(chunk)) return
    if (this.#rest <= 0 && !this.#chunked) this.answered(this, this.#status)
  }

  #readHead (chunk) {
    this.#text += chunk.latin1Slice()
    const end = this.#text.indexOf('\r\n\r\n')
    if (end === -1) return false
    const head = this.#text
    this.#text = ''
    this.#status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length !== null) {
      this.#rest = Number(length[1]) - (head.length - end - 4)
      return true
    }
    this.#chunked = true
    this.#readChunked(Buffer.from(head.slice(end + 2), 'latin1'))
    return false
  }

  #readChunked (chunk) {
    this.#text = (this.#text + chunk.latin1Slice(Math.max(0, chunk.length - 7))).slice(-7)
    if (this.#text !== '\r\n0\r\n\r\n') return
    this.#text = ''
    this.#chunked = false
    this.answered(this, this.#status)
  }
}

const opened = new Map()

/** Opens keep-alive connections to a port; they stay open until `closeAll()`. */
async function open ({ port, count }) {
  const connections = Array.from({ length: count }, () => new Connection(port, () => {}))
  opened.set(port, connections)
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')))
}

function closeAll () {
  for (const connection of [...opened.values()].flat()) connection.end()
  opened.clear()
}

/** Sends requests over the open connections to a port until `requests` are answered or `maxMs` are over. */
function run ({ port, workload, requests, maxMs }) {
  const next = sources[workload] ?? (() => workloads[workload].bytes)
  const startedAt = performance.now()
  const statuses = {}
  let sent = 0
  let answers = 0
  return new Promise(resolve => {
    const send = connection => {
      sent++
      connection.send(next())
    }
    const answered = (connection, status) => {
      answers++
      statuses[status] = (statuses[status] ?? 0) + 1
      const now = performance.now()
      if (sent < requests && status !== 0 && now - startedAt < maxMs) send(connection)
      else if (answers === sent) resolve({ answers, statuses, ms: now - startedAt })
    }
    for (const connection of opened.get(port)) {
      connection.answered = answered
      send(connection)
    }
  })
}

const sources = {}

/** Makes `run({ workload: 'heartbeat' })` send the heartbeats of so many nodes. */
function beat (options) {
  sources.heartbeat = heartbeats(options)
}

answer({ open, run, beat, closeAll })
