import { connect } from 'node:net'
import { now } from './clock.js'

/** The keep-alive connections of the load generator to a port, at most `most` of them: the one that was used last is taken first. */
export class Connections {
  #port
  #most
  #idle = []
  #waiting = []
  #open = new Set()

  constructor (port, most) {
    this.#port = port
    this.#most = most
  }

  /** Calls `ended({ sentAt, status, text })` when the answer is complete; status 0: the connection broke before, or `mostMs` were over. */
  send (bytes, mostMs, ended) {
    const request = { bytes, ended, text: '', status: 0, sentAt: now() }
    request.timer = setTimeout(() => this.#giveUp(request), mostMs)
    const socket = this.#idle.pop() ?? (this.#open.size < this.#most ? this.#connect() : undefined)
    if (socket === undefined) this.#waiting.push(request)
    else this.#write(socket, request)
  }

  end () {
    for (const socket of this.#open) socket.destroy()
  }

  #connect () {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    this.#open.add(socket)
    socket.setEncoding('latin1').on('data', text => this.#read(socket, text))
    socket.on('error', () => {}) // 'close' comes as well
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#idle = this.#idle.filter(each => each !== socket)
      if (socket.request !== undefined) this.#settle(socket.request, 0)
      if (this.#waiting.length > 0) this.#write(this.#connect(), this.#waiting.shift())
    })
    return socket
  }

  #write (socket, request) {
    request.socket = socket
    request.sentAt = now()
    socket.request = request
    socket.write(request.bytes)
  }

  #read (socket, text) {
    const { request } = socket
    if (request === undefined) return
    request.text += text
    const status = statusOfWhole(request.text)
    if (status === 0) return
    socket.request = undefined
    this.#settle(request, status)
    const next = this.#waiting.shift()
    if (/^connection: *close/im.test(request.text)) socket.destroy()
    else if (next === undefined) this.#idle.push(socket)
    else this.#write(socket, next)
  }

  #settle (request, status) {
    clearTimeout(request.timer)
    request.ended({ sentAt: request.sentAt, status, text: request.text })
  }

  #giveUp (request) {
    this.#waiting = this.#waiting.filter(each => each !== request)
    if (request.socket === undefined) this.#settle(request, 0)
    else request.socket.destroy()
  }
}

/** The status of an answer when all of it is there, else 0. */
function statusOfWhole (text) {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  const isWhole = length === null ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length[1])
  return isWhole ? Number(text.slice(9, 12)) : 0
}
