import fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { ReplayBody } from '../../lib/proxy/replay.js'
import { forwardWith } from '../unit/proxy/forward-fixture.js'
import type { PlayedAttempt } from '../unit/proxy/forward-fixture.js'

type Deed = 'refused' | 'reset' | 'malformed' | 'ok' | 'busy' | 'limited' | 'draining' | 'breaks' | 'silent'

/** What a node does with its attempt. `false`: the request never reached it. */
const deeds: Readonly<Record<Deed, (attempt: PlayedAttempt) => boolean>> = {
  refused: attempt => { attempt.fail('ECONNREFUSED'); return false },
  reset: attempt => { attempt.connect(); attempt.fail('ECONNRESET'); return true },
  malformed: attempt => { attempt.connect(); attempt.fail('HPE_INVALID_CONSTANT'); return true },
  ok: attempt => { attempt.connect(); attempt.respond(200); attempt.sending.onResponseEnd(); return true },
  busy: attempt => { attempt.connect(); attempt.respond(503); attempt.sending.onResponseEnd(); return true },
  limited: attempt => { attempt.connect(); attempt.respond(429); attempt.sending.onResponseEnd(); return true },
  draining: attempt => { attempt.connect(); attempt.respond(503, { 'x-balance-draining': '1' }); attempt.sending.onResponseEnd(); return false },
  breaks: attempt => { attempt.connect(); attempt.respond(200); attempt.fail('ECONNRESET'); return true },
  silent: attempt => { attempt.connect(); return true }
}

const scenario = fc.record({
  deeds: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...Object.keys(deeds) as Deed[]))),
  attempts: fc.integer({ min: 1, max: 4 }),
  idempotent: fc.boolean(),
  abortsAfter: fc.option(fc.nat(3)),
  isLost: fc.boolean()
})

/** Plays a scenario to its end: what happened, in order. */
async function play ({ deeds: script, attempts, idempotent, abortsAfter, isLost }: typeof scenario extends fc.Arbitrary<infer T> ? T : never): Promise<{ fixture: ReturnType<typeof forwardWith>, received: number, memoryBytes: number, isAborted: boolean }> {
  const memory = { usedBytes: 0, limitBytes: 1000 }
  const source = new PassThrough()
  source.end('0123456789')
  const body = new ReplayBody(source, isLost ? 5 : 100, memory)
  const fixture = forwardWith({ body, method: 'PUT', idempotent, balance: { attempts, timeoutMs: 1000 }, attemptTimeoutMs: 300 })
  fixture.forward.start()
  let received = 0
  let isAborted = false
  for (let index = 0; index < fixture.attempts.length; index++) {
    const attempt = fixture.attempts[index]
    if (attempt === undefined) break
    const deed = script[index] ?? 'ok'
    isAborted ||= abortsAfter === index
    if (isAborted) fixture.forward.abort()
    if (deed !== 'refused' && !isAborted) {
      const reader = attempt.options.body as PassThrough
      reader.resume()
      await new Promise(resolve => setImmediate(resolve))
    }
    const wasReceived = deeds[deed](attempt)
    if (wasReceived && !isAborted) received++
    await new Promise(resolve => setImmediate(resolve))
    if (deed === 'silent') fixture.clock.advance(300)
  }
  await new Promise(resolve => setImmediate(resolve))
  return { fixture, received, memoryBytes: memory.usedBytes, isAborted }
}

test('forward — keeps its promises — whatever the nodes do', async t => {
  await fc.assert(fc.asyncProperty(scenario, async given => {
    const { fixture, received, memoryBytes, isAborted } = await play(given)
    const { attempts, told, settled, nodes, clock } = fixture
    const answers = told.filter(line => !line.startsWith('over'))
    const nodesAsked = attempts.map(({ node }) => node)
    t.equal(new Set(nodesAsked).size, nodesAsked.length, 'no node is asked twice')
    t.ok(received <= (given.idempotent && !given.isLost ? given.attempts : 1), 'what may not be sent twice is received once at most')
    t.equal(answers.length + Number(isAborted && answers.length === 0), 1, 'there is one answer, unless the client left')
    t.equal(settled.length, attempts.length, 'every attempt is settled once')
    t.same(nodes.map(({ inFlight }) => inFlight), [0, 0, 0])
    t.equal(clock.timers, 0)
    t.equal(memoryBytes, 0)
  }), { numRuns: 300 })
})

test('forward — relays the last real answer — when there is nowhere else to go', async t => {
  const busy = fc.constantFrom<Deed>('busy', 'limited', 'draining')
  await fc.assert(fc.asyncProperty(fc.tuple(busy, busy, busy), fc.integer({ min: 1, max: 4 }), async (script, attempts) => {
    const { fixture } = await play({ deeds: script, attempts, idempotent: true, abortsAfter: null, isLost: false })
    const last = fixture.attempts.length - 1
    t.match(fixture.told.at(-1), { busy: /^relay 503/, limited: /^relay 429/, draining: /^relay 503/ }[script[last] as 'busy' | 'limited' | 'draining'])
  }), { numRuns: 50 })
})
