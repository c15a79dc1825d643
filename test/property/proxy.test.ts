import fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { RunningAttempt } from '../../lib/proxy/attempt.js'
import { relayedHeaders, sentHeaders } from '../../lib/proxy/headers.js'
import { ReplayBody } from '../../lib/proxy/replay.js'
import { nodeWith } from '../unit/proxy/fixtures.js'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Attempt, Outcome } from '../../types/index.js'

const outcomes = fc.constantFrom<Outcome>(
  { kind: 'response', statusCode: 200, latencyMs: 1 }, { kind: 'aborted', elapsedMs: 1 }, { kind: 'error', error: new Error('no'), sent: true, elapsedMs: 1 }
)

test('attempts — in flight is what has begun and was not settled, and returns to 0 — under any interleaving', async t => {
  const step = fc.record({ begins: fc.boolean(), which: fc.nat(9), outcome: outcomes })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), steps => {
    const node = nodeWith('a')
    const settles = new Map<Attempt, number>()
    const observer = { settled: (attempt: Attempt) => { settles.set(attempt, (settles.get(attempt) ?? 0) + 1) } }
    const attempts: RunningAttempt[] = []
    for (const { begins, which, outcome } of steps) {
      if (begins) attempts.push(new RunningAttempt(node, attempts.length + 1, 0, [observer]))
      else attempts[which % Math.max(1, attempts.length)]?.settle(outcome)
      if (node.inFlight !== attempts.length - settles.size) return false
    }
    for (const attempt of attempts) attempt.settle({ kind: 'aborted', elapsedMs: 0 })
    return node.inFlight === 0 && attempts.every(attempt => settles.get(attempt) === 1)
  }))
  t.pass()
})

const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const otherNames = ['accept', 'content-type', 'etag', 'x-a', 'x-b', 'x-c']
const anyCase = (name: string): fc.Arbitrary<string> => fc.mixedCase(fc.constant(name))
const names = fc.constantFrom(...hopByHop, ...otherNames)
const connection = fc.array(fc.constantFrom('close', 'keep-alive', 'x-a', 'x-b', 'etag').chain(anyCase), { maxLength: 4 }).map(named => named.join(' , '))
const responseHeaders = fc.record({ connection }, { requiredKeys: [] }).chain(first => fc.dictionary(names.filter(name => name !== 'connection'), fc.string()).map(rest => ({ ...rest, ...first })))

test('relayed headers — nothing that is hop-by-hop or named by Connection passes, all else does, and filtering twice is filtering once', async t => {
  fc.assert(fc.property(responseHeaders, (headers: IncomingHttpHeaders) => {
    const relayed = relayedHeaders(headers)
    const named = (headers.connection ?? '').toLowerCase().split(',').map(name => name.trim())
    const expected = Object.entries(headers).filter(([name]) => !hopByHop.includes(name) && !named.includes(name))
    t.strictSame(relayed, Object.fromEntries(expected))
    t.strictSame(relayedHeaders(relayed), relayed)
  }), { numRuns: 200 })
})

test('sent headers — nothing that is hop-by-hop passes in any case, all else does in its order, and filtering twice is filtering once', async t => {
  const pairs = fc.uniqueArray(fc.tuple(names.chain(anyCase), fc.string()), { selector: ([name]) => name })
  fc.assert(fc.property(pairs, given => {
    const sent = sentHeaders(Object.fromEntries(given))
    t.strictSame(sent, given.filter(([name]) => !hopByHop.includes(name.toLowerCase())).flat())
    const again = Array.from({ length: sent.length / 2 }, (_, index) => [sent[2 * index], sent[2 * index + 1]])
    t.strictSame(sentHeaders(Object.fromEntries(again)), sent)
  }), { numRuns: 200 })
})

/** Reads until as many bytes have come, or there are no more. */
async function take (stream: Readable, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let read = 0
  while (read < bytes && !stream.readableEnded) {
    const chunk: Buffer | null = stream.read(Math.min(bytes - read, Math.max(1, stream.readableLength)))
    if (chunk === null) await new Promise(resolve => stream.once('readable', resolve).once('end', resolve))
    else chunks.push(chunk)
    read += chunk?.length ?? 0
  }
  return Buffer.concat(chunks)
}

test('a replay body — every reader gets the same bytes from the first, memory never exceeds a limit and returns to 0 — however it is cut', async t => {
  const scenario = fc.record({
    chunks: fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 8 }),
    cuts: fc.array(fc.nat(400), { maxLength: 4 }),
    limitBytes: fc.nat(400),
    sharedBytes: fc.nat(400)
  })
  await fc.assert(fc.asyncProperty(scenario, async ({ chunks, cuts, limitBytes, sharedBytes }) => {
    const whole = Buffer.concat(chunks)
    const memory = { usedBytes: 0, limitBytes: sharedBytes }
    const source = new PassThrough()
    for (const chunk of chunks) source.write(chunk)
    source.end()
    const body = new ReplayBody(source, limitBytes, memory)
    let reader = body.open()
    for (const cut of cuts) {
      t.same(await take(reader, Math.min(cut, whole.length)), whole.subarray(0, cut))
      t.ok(memory.usedBytes <= Math.min(limitBytes, sharedBytes))
      if (!body.isReplayable) break
      reader.destroy()
      reader = body.open()
    }
    body.release()
    reader.destroy()
    t.equal(memory.usedBytes, 0)
    return true
  }), { numRuns: 100 })
})
