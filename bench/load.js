import { connect } from 'node:net'
import { once } from 'node:events'
import { answer } from './answer.js'
import { heartbeats } from './heartbeat-requests.js'
import { workloads } from './workloads.js'

/** One keep-alive connection of the closed loop: a request is sent when the answer to the one before is complete. Opened again when it was closed. */
class Connection {
  #socket
  #port
  #waits = false
  #rest = 0
  #text = ''
  #status = 0
  #chunked = false

  constructor (port) {
    this.#port = port
    this.opened = this.#open()
  }

  /** `answered(connection, status)` is called when the answer is complete; status 0: the connection was closed before. */
  send (bytes, answered) {
    this.answered = answered
    this.#waits = true
    this.#socket.write(bytes)
  }

  end () {
    this.#socket.removeAllListeners('close').destroy()
  }

  #open () {
    this.#rest = 0
    this.#text = ''
    this.#chunked = false
    this.#socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', chunk => this.#read(chunk))
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => {
      this.#open().catch(() => {}) // refused: the next close tries again
      if (this.#waits) this.#end(0)
    })
    return once(this.#socket, 'connect')
  }

  #end (status) {
    this.#waits = false
    this.answered(this, status)
  }

  #read (chunk) {
    if (this.#chunked) return this.#readChunked(chunk)
    if (this.#rest > 0) this.#rest -= chunk.length
    else if (!this.#readHead(chunk)) return
    if (this.#rest <= 0 && !this.#chunked) this.#end(this.#status)
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
    this.#end(this.#status)
  }
}

const opened = new Map()

/** Opens keep-alive connections to a port; they stay open until `closeAll()`. */
async function open ({ port, count }) {
  const connections = Array.from({ length: count }, () => new Connection(port))
  opened.set(port, connections)
  await Promise.all(connections.map(({ opened }) => opened))
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
      connection.send(next(), answered)
    }
    const answered = (connection, status) => {
      answers++
      statuses[status] = (statuses[status] ?? 0) + 1
      const now = performance.now()
      if (sent < requests && now - startedAt < maxMs) send(connection)
      else if (answers === sent) resolve({ answers, statuses, ms: now - startedAt })
    }
    for (const connection of opened.get(port)) send(connection)
  })
}

const sources = {}

/** Makes `run({ workload: 'heartbeat' })` send the heartbeats of so many nodes. */
function beat (options) {
  sources.heartbeat = heartbeats(options)
}

answer({ open, run, beat, closeAll })
