import { createServer } from 'node:net'
import { once } from 'node:events'
import { answer } from './answer.js'
import { json } from './workloads.js'

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\nconnection: keep-alive\r\nkeep-alive: timeout=600\r\n'
const responseOf = bytes => Buffer.from(`${head}content-length: ${bytes}\r\n\r\n${json(bytes)}`)
const small = responseOf(200)
const large = responseOf(100 * 1024)

const hits = []
const servers = []

/** How many bytes the request at the start of `text` has; 0: it is not complete. */
function requestBytes (text) {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  if (length !== null) return end + 4 + Number(length[1])
  if (!/\r\ntransfer-encoding: *chunked/i.test(text)) return end + 4
  const last = text.indexOf('0\r\n\r\n', end + 2)
  return last === -1 ? 0 : last + 5
}

/** One node: a socket server with canned answers, so that the upstreams cost little beside the gateway. */
function serve (index) {
  return createServer({ noDelay: true }, socket => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk.latin1Slice()
      for (let bytes = requestBytes(text); bytes > 0 && bytes <= text.length; bytes = requestBytes(text)) {
        hits[index]++
        socket.write(text.includes(' /large ') ? large : small)
        text = text.slice(bytes)
      }
    })
  })
}

async function start (count) {
  for (let index = 0; index < count; index++) {
    hits.push(0)
    const server = serve(index).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
  }
  return servers.map(server => `http://127.0.0.1:${server.address().port}`)
}

/** How many of the first `count` nodes have been reached since `forget()`. */
function reached (count) {
  return hits.slice(0, count).filter(hit => hit > 0).length
}

function forget () {
  hits.fill(0)
}

answer({ start, reached, forget })
