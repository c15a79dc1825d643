import { test } from 'tap'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { Stalls, stallTickMs } from '../../../lib/health/stalls.js'
import { nodeWith } from '../node/fixtures.js'
import type { StallRules } from '../../../lib/health/stalls.js'
import type { Node, Outcome } from '../../../types/index.js'

const rules: StallRules = { consecutive: 3, silenceMs: 1000 }
const answer: Outcome = { kind: 'response', statusCode: 200, latencyMs: 1 }
const aborted: Outcome = { kind: 'aborted', elapsedMs: 1 }

interface StallsFixture {
  readonly node: Node
  readonly begin: (count: number, node?: Node, isUploading?: boolean) => RunningAttempt[]
  /** Lets so much time pass. */
  readonly pass: (ms: number) => void
  /** The nodes that were found stalled. */
  readonly stalled: string[]
}

/** A node that usually answers within 50 ms, and its rules. */
function stallsWith ({ given = rules, latencyMs = 50 }: { given?: StallRules | false, latencyMs?: number | null } = {}): StallsFixture {
  const stalled: string[] = []
  const stalls = new Stalls({ rulesOf: () => given, latencyOf: () => latencyMs, stalled: ({ info }) => stalled.push(info.id) })
  const node = nodeWith({})
  let now = 0
  const begin = (count: number, at: Node = node, isUploading: boolean = false): RunningAttempt[] => Array.from({ length: count }, () => new RunningAttempt(at, 1, ++now, [stalls], isUploading))
  const pass = (ms: number): void => { for (let passedMs = 0; passedMs < ms; passedMs += stallTickMs) stalls.tick() }
  return { node, begin, pass, stalled }
}

test('a node that answers nothing for a second is stalled — not before', async t => {
  const { begin, pass, stalled } = stallsWith()
  begin(3)
  pass(stallTickMs)
  pass(900)
  t.same(stalled, [], 'the tick after which it is looked at, and nine more')
  pass(stallTickMs)
  t.same(stalled, ['a'])
})

test('a node that fewer requests wait for is not stalled', async t => {
  const { begin, pass, stalled } = stallsWith()
  begin(2)
  pass(60_000)
  t.same(stalled, [])
  begin(1)
  pass(1100)
  t.same(stalled, ['a'], 'the silence counts from when enough wait')
})

test('any answer begins the silence anew — of however many that wait', async t => {
  const { begin, pass, stalled } = stallsWith()
  const attempts = begin(20)
  pass(900)
  attempts[7]?.respond(answer)
  pass(1000)
  t.same(stalled, [])
  pass(stallTickMs)
  t.same(stalled, ['a'])
})

test('requests that have their answer do not wait — though their bodies flow', async t => {
  const { begin, pass, stalled } = stallsWith()
  const attempts = begin(4)
  for (const attempt of attempts.slice(0, 2)) attempt.respond(answer)
  pass(60_000)
  t.same(stalled, [])
  for (const attempt of attempts.slice(0, 2)) attempt.settle(answer)
  begin(1)
  pass(1100)
  t.same(stalled, ['a'], 'two that were left, and one')
})

test('requests that ended without an answer do not wait', async t => {
  const { begin, pass, stalled } = stallsWith()
  begin(3)[0]?.settle(aborted)
  pass(60_000)
  t.same(stalled, [])
})

test('requests whose bodies the client still sends do not wait — until it has sent them', async t => {
  const { node, begin, pass, stalled } = stallsWith()
  const attempts = begin(4, node, true)
  pass(60_000)
  t.same(stalled, [])
  attempts[0]?.settle(aborted)
  attempts[0]?.uploaded()
  for (const attempt of attempts.slice(1).reverse()) {
    attempt.uploaded()
    attempt.uploaded()
  }
  pass(1100)
  t.same(stalled, ['a'])
  pass(60_000)
  t.same(stalled, ['a'], 'each is judged once')
})

test('an end without an answer is no sign of life', async t => {
  const { begin, pass, stalled } = stallsWith()
  const attempts = begin(4)
  pass(900)
  attempts[0]?.settle(aborted)
  pass(200)
  t.same(stalled, ['a'])
})

test('a node that is slow by nature may be silent for ten times its usual latency', async t => {
  const { begin, pass, stalled } = stallsWith({ latencyMs: 300 })
  begin(3)
  pass(3000)
  t.same(stalled, [])
  pass(stallTickMs)
  t.same(stalled, ['a'])
})

test('a node that has answered nothing yet may be silent for ten times as long', async t => {
  const { begin, pass, stalled } = stallsWith({ latencyMs: null })
  begin(3)
  pass(10_000)
  t.same(stalled, [])
  pass(stallTickMs)
  t.same(stalled, ['a'])
})

test('a node that stays silent is found again when as much that began later waits for as long', async t => {
  const { begin, pass, stalled } = stallsWith()
  begin(3)
  pass(1100)
  t.equal(stalled.length, 1)
  pass(5000)
  t.equal(stalled.length, 1, 'what it was judged by tells no more')
  begin(3)
  pass(1000)
  t.equal(stalled.length, 1)
  pass(stallTickMs)
  t.equal(stalled.length, 2)
})

test('each node is silent for itself', async t => {
  const { begin, pass, stalled } = stallsWith()
  const other = nodeWith({ info: { id: 'b' } })
  begin(3)
  const answering = begin(4, other)
  pass(600)
  answering[0]?.respond(answer)
  pass(500)
  t.same(stalled, ['a'])
})

test('nodes of a service without ejection are not looked at', async t => {
  const { begin, pass, stalled } = stallsWith({ given: false })
  const attempts = begin(10)
  pass(60_000)
  attempts[0]?.respond(answer)
  attempts[1]?.settle(aborted)
  t.same(stalled, [])
})

test('what is done about a stalled node may end its attempts', async t => {
  const attempts: RunningAttempt[] = []
  const found: string[] = []
  const stalls = new Stalls({
    rulesOf: () => rules,
    latencyOf: () => 50,
    stalled: ({ info }) => {
      found.push(info.id)
      for (const attempt of attempts) attempt.settle(aborted)
    }
  })
  for (const id of ['a', 'b']) {
    const node = nodeWith({ info: { id } })
    for (let count = 0; count < 3; count++) attempts.push(new RunningAttempt(node, 1, 0, [stalls]))
  }
  for (let tick = 0; tick < 100; tick++) stalls.tick()
  t.same(found, ['a'])
})
