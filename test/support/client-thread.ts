import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import type { Test } from 'tap'

/** A client and a node in a thread of their own, so that their memory is not that of the gateway. */
export interface ClientThread {
  /** The origin of a node that answers with the length and the digest of what it received. */
  readonly origin: string
  /** Uploads this many bytes, and tells what was sent and what came back. */
  upload (url: string, bytes: number): Promise<{ sent: string, status: number, text: string }>
  /** Gets an address so many times, over 32 connections, and tells how often it answered 200. */
  get (url: string, times: number): Promise<number>
}

const code = `
  const { createHash } = require('node:crypto')
  const { Agent, createServer, request } = require('node:http')
  const { Readable } = require('node:stream')
  const { parentPort } = require('node:worker_threads')

  const server = createServer((request, response) => {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', chunk => { hash.update(chunk); bytes += chunk.length })
    request.on('end', () => response.end(bytes + ' ' + hash.digest('hex')))
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))

  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const getOnce = url => new Promise(resolve => {
    request(url, { agent }, response => response.resume().on('end', () => resolve(response.statusCode))).on('error', () => resolve(0)).end()
  })
  const get = async (url, times) => {
    const statuses = await Promise.all(Array.from({ length: times }, () => getOnce(url)))
    parentPort.postMessage(statuses.filter(status => status === 200).length)
  }

  parentPort.on('message', ({ url, bytes, times }) => {
    if (times !== undefined) return get(url, times)
    const hash = createHash('sha256')
    const outgoing = request(url, { method: 'POST', agent: false, headers: { 'content-type': 'application/octet-stream', 'content-length': bytes } }, async response => {
      let text = ''
      for await (const chunk of response) text += chunk
      parentPort.postMessage({ sent: bytes + ' ' + hash.digest('hex'), status: response.statusCode, text })
    })
    outgoing.on('error', error => parentPort.postMessage({ sent: '', status: 0, text: error.message }))
    Readable.from((function * () {
      for (let at = 0; at < bytes; at += 65536) {
        const piece = Buffer.alloc(Math.min(65536, bytes - at), 1)
        piece.writeUInt32BE(at)
        hash.update(piece)
        yield piece
      }
    })()).pipe(outgoing)
  })`

/** Starts the thread. Ended with the test. */
export async function startClientThread (t: Test): Promise<ClientThread> {
  const thread = new Thread(code, { eval: true })
  t.teardown(() => thread.terminate())
  const [port] = await once(thread, 'message')
  const call = async <T> (message: object): Promise<T> => {
    const answer = once(thread, 'message')
    thread.postMessage(message)
    return (await answer)[0]
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    upload: (url, bytes) => call({ url, bytes }),
    get: (url, times) => call({ url, times })
  }
}
