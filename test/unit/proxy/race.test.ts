import { test } from 'tap'
import { RunningAttempt } from '../../../lib/proxy/attempt.js'
import { Race } from '../../../lib/proxy/race.js'
import { Roster } from '../../../lib/proxy/roster.js'
import { Try } from '../../../lib/proxy/try.js'
import { nodeWith } from './fixtures.js'
import type { AttemptObserver, Node, Outcome } from '../../../types/index.js'
import type { TryOwner } from '../../../lib/proxy/try.js'

const nobody: TryOwner = { answered: () => true, failed () {}, ended () {}, broken () {}, doubted () {}, abort () {}, crash () {} }
const response: Outcome = { kind: 'response', statusCode: 200, latencyMs: 7 }

interface RaceFixture {
  readonly race: Race
  readonly begin: (id: string, startedAt?: number) => Try
  /** How the attempts ended: their node, and the outcome. */
  readonly settled: Array<readonly [id: string, outcome: Outcome]>
  readonly nodes: Node[]
}

function raceAt (now: number, watch: AttemptObserver = {}): RaceFixture {
  const settled: RaceFixture['settled'] = []
  const nodes: Node[] = []
  const observer: AttemptObserver = {
    settled (attempt, outcome) {
      settled.push([attempt.node.info.id, outcome])
      watch.settled?.(attempt, outcome)
    }
  }
  const begin = (id: string, startedAt = 1000): Try => {
    const node = nodeWith(id)
    nodes.push(node)
    return new Try(new RunningAttempt(node, 1, startedAt, [observer]), nobody, new Roster())
  }
  return { race: new Race({ now: () => now }), begin, settled, nodes }
}

test('a race without attempts is neither hedged nor waiting, and nothing comes of its end', async t => {
  const { race, begin, settled } = raceAt(1000)
  t.same([race.isHedged, race.waiting, race.has(begin('a'))], [false, null, false])
  race.end()
  t.same(settled, [])
})

test('one attempt runs alone, and waits until its answer is here', async t => {
  const { race, begin } = raceAt(1000)
  const a = begin('a')
  race.join(a)
  t.equal(race.waiting, a)
  t.same([race.isHedged, race.has(a)], [false, true])
  a.answer = { statusCode: 200, headers: {}, outcome: response }
  t.equal(race.waiting, null)
})

test('two attempts are a hedged race', async t => {
  const { race, begin } = raceAt(1000)
  const [a, b] = [begin('a'), begin('b')]
  race.join(a)
  race.join(b)
  t.same([race.isHedged, race.has(a), race.has(b)], [true, true, true])
})

test('who leaves is settled, and the other runs on alone', async t => {
  for (const leaver of [0, 1] as const) {
    const { race, begin, settled } = raceAt(1000)
    const both = [begin('a'), begin('b')] as const
    for (const one of both) race.join(one)
    race.leave(both[leaver], response)
    t.same(settled, [[leaver === 0 ? 'a' : 'b', response]])
    t.equal(race.waiting, both[1 - leaver])
    t.same([race.isHedged, race.has(both[0]), race.has(both[1])], [false, leaver === 1, leaver === 0])
  }
})

test('who leaves last leaves nobody', async t => {
  const { race, begin } = raceAt(1000)
  const a = begin('a')
  race.join(a)
  race.leave(a, response)
  t.same([race.waiting, race.has(a)], [null, false])
})

test('who is not in the race can leave it all the same — the others stay', async t => {
  const { race, begin, settled } = raceAt(1000)
  const [a, stranger] = [begin('a'), begin('b')]
  race.join(a)
  race.leave(stranger, response)
  t.same([race.has(a), settled], [true, [['b', response]]])
})

test('the winner stays, and the other is aborted at its age', async t => {
  for (const winner of [0, 1] as const) {
    const { race, begin, settled } = raceAt(1500)
    const both = [begin('a', 1000), begin('b', 1200)] as const
    for (const one of both) race.join(one)
    race.win(both[winner])
    t.same(settled, [winner === 0 ? ['b', { kind: 'aborted', elapsedMs: 300 }] : ['a', { kind: 'aborted', elapsedMs: 500 }]])
    t.same([race.isHedged, race.has(both[winner])], [false, true])
  }
})

test('who wins alone wins over nobody', async t => {
  const { race, begin, settled } = raceAt(1500)
  const a = begin('a')
  race.join(a)
  race.win(a)
  t.same([settled, race.has(a)], [[], true])
})

test('the end aborts all that run — one whose response head was here has answered', async t => {
  const { race, begin, settled, nodes } = raceAt(1500)
  const [a, b] = [begin('a'), begin('b', 1200)]
  race.join(a)
  race.join(b)
  a.answer = { statusCode: 200, headers: {}, outcome: response }
  race.end()
  race.end()
  t.same(settled, [['a', response], ['b', { kind: 'aborted', elapsedMs: 300 }]])
  t.same([race.has(a), race.has(b)], [false, false])
  t.same(nodes.map(({ inFlight }) => inFlight), [0, 0])
})

test('the end aborts the second attempt — also when an observer throws as the first is settled', async t => {
  let throwsLeft = 1
  const { race, begin, settled, nodes } = raceAt(1500, {
    settled () {
      if (throwsLeft-- > 0) throw new Error('a mistake of the app')
    }
  })
  for (const id of ['a', 'b']) race.join(begin(id))
  t.throws(() => race.end(), { message: 'a mistake of the app' })
  race.end()
  t.same(settled.map(([id]) => id), ['a', 'b'])
  t.same(nodes.map(({ inFlight }) => inFlight), [0, 0], 'nothing stays in flight')
})
