import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { startClientThread } from '../../support/client-thread.js'
import { within } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { refusingOrigin } from '../../support/upstream.js'
import type { Socket } from 'node:net'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
const mebibyte = 2 ** 20

/** What this thread holds on to: garbage does not count. */
function heldBytes (): number {
  // the second time frees the buffers that the first has found
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a streamed upload of 100 MiB — arrives whole at the next node, and memory stays flat — when the first node refuses', async t => {
  const thread = await startClientThread(t)
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: thread.origin }, streams: true })
  await thread.upload(gateway.origin, mebibyte)
  const before = heldBytes()
  let highest = 0
  let sampledAt = 0
  let connection: Socket | undefined
  gateway.app.server.once('connection', socket => { connection = socket })
  const sampling = setInterval(() => {
    if ((connection?.bytesRead ?? 0) < sampledAt + 25 * mebibyte) return
    sampledAt = connection?.bytesRead ?? 0
    highest = Math.max(highest, heldBytes())
  }, 5)
  const { sent, text } = await within(60_000, 'upload', thread.upload(gateway.origin, 100 * mebibyte))
  clearInterval(sampling)
  t.match(sent, /^104857600 /)
  t.equal(text, sent)
  t.same(gateway.trace.slice(2), ['a/unreached', 'b/200'])
  t.ok(highest > 0 && highest - before < 20 * mebibyte, `memory grew by ${Math.round((highest - before) / mebibyte)} MiB`)
})
