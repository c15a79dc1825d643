import { test } from 'tap'
import { startClientThread } from '../support/client-thread.js'
import { addressOf, startNode } from '../support/process.js'

const requests = 1000

test('a request that is over is young garbage: nothing old points to it, and no full collection is needed for it', async t => {
  const thread = await startClientThread(t)
  const balance = JSON.stringify({ services: { load: { nodes: [thread.origin] } } })
  const url = await addressOf(startNode(t, 'test/process/fixtures/gateway.js', { BALANCE: balance }, 'the gateway'))
  const oldBytes = async (): Promise<number> => (await (await fetch(`${url}/memory/old`)).json() as { oldBytes: number }).oldBytes
  await thread.get(url, requests)
  // what a full collection finds in use is old from then on
  const loaded = thread.get(url, requests)
  for (let times = 0; times < 10; times++) await fetch(`${url}/memory/collect`, { method: 'POST' })
  await loaded
  // a full collection on the way would hide what grew until then
  const grown: number[] = []
  for (let round = 0; round < 6; round++) {
    const before = await oldBytes()
    t.equal(await thread.get(url, requests), requests)
    grown.push(Math.round((await oldBytes() - before) / requests))
  }
  t.comment(`bytes of a request that grew old: ${grown}`)
  t.ok(Math.max(...grown) < 2000, `${grown}`)
})
