import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import type { Test } from 'tap'

/** What came of one request of a burst. */
export interface Came { readonly status: number, readonly text: string, readonly retryAfter: string | null }

export interface BurstThread {
  /** Sends so many requests at once, each on a connection of its own that is open before, and tells what came. */
  burst (url: string, count: number): Promise<readonly Came[]>
}

const code = `
  const { Agent, request } = require('node:http')
  const { parentPort } = require('node:worker_threads')

  const ask = (url, agent) => new Promise(resolve => {
    const outgoing = request(url, { agent }, response => {
      let text = ''
      response.on('data', chunk => { text += chunk })
      response.on('close', () => resolve({ status: response.statusCode, text, retryAfter: response.headers['retry-after'] ?? null }))
    })
    outgoing.on('error', error => resolve({ status: 0, text: error.message, retryAfter: null }))
    outgoing.end()
  })

  parentPort.on('message', async ({ url, warmUrl, count }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count })
    const all = url => Promise.all(Array.from({ length: count }, () => ask(url, agent)))
    await all(warmUrl)
    parentPort.postMessage(await all(url))
    agent.destroy()
  })`

/** Starts a thread of clients, so that what they do does not hold up the gateway. The gateway must answer `/warm` at once. Ended with the test. */
export async function startBurstThread (t: Test): Promise<BurstThread> {
  const thread = new Thread(code, { eval: true })
  t.teardown(() => thread.terminate())
  await once(thread, 'online')
  return {
    async burst (url, count) {
      const came = once(thread, 'message')
      thread.postMessage({ url, warmUrl: new URL('/warm', url).href, count })
      return (await came)[0]
    }
  }
}
