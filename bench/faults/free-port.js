import { createServer } from 'node:net'
import { once } from 'node:events'

const lowest = 20_000
const highest = 29_999
let next = lowest + Math.floor(Math.random() * (highest - lowest))

/**
 * A free port that is never given to an outgoing connection by itself: while a worker is dead nobody else may take its port, and a
 * connection to it must not meet itself.
 */
export async function freePort () {
  for (let tries = 0; tries < 100; tries++) {
    const port = next
    next = next === highest ? lowest : next + 1
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${lowest} to ${highest}`)
}

async function isFree (port) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
