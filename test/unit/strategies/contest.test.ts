import { test } from 'tap'
import { Contest } from '../../../lib/strategies/contest.js'
import { entryAt } from '../../../lib/strategies/entry-at.js'
import { Lottery } from '../../../lib/strategies/lottery.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeEqual } from './fixtures.js'
import type { Candidate, NonEmpty } from '../../../types/strategy.js'
import type { OpenCandidate } from './fixtures.js'

interface Member { readonly candidate: Candidate }
interface Seen {
  readonly contest: Contest<Member, NonEmpty<Member>>
  /** What members were made of. */
  readonly made: Candidate[]
  /** What groups were made of. */
  readonly groups: Candidate[][]
  /** Who was compared, when, last. */
  compared: Candidate[]
  at: number
}

/** A contest that shows what it asks for. Costs are those given for a candidate, else 1. */
function watch (costOf: (candidate: Candidate) => number = () => 1): Seen {
  const contest = new Contest<Member, NonEmpty<Member>>(seeded(), {
    memberOf (candidate) {
      seen.made.push(candidate)
      return { candidate }
    },
    groupOf (members) {
      seen.groups.push(members.map(({ candidate }) => candidate))
      return members
    },
    rank (members, costs, now) {
      seen.compared = members.map(({ candidate }) => candidate)
      seen.at = now
      costs.set(members.map(({ candidate }) => costOf(candidate)))
    }
  })
  const seen: Seen = { contest, made: [], groups: [], compared: [], at: NaN }
  return seen
}

test('a contest — compares all, as of the instant given, and gives the cheapest — of up to 64', async t => {
  for (const count of [1, 2, 64]) {
    const candidates = makeEqual(count)
    const cheapest = candidates[count - 1]
    const seen = watch(candidate => candidate === cheapest ? 0 : 1)
    t.equal(seen.contest.winner(candidates, 5).candidate, cheapest)
    t.same(seen.compared, candidates)
    t.equal(seen.at, 5)
  }
})

test('a contest — compares two different ones, and gives the cheaper — of more than 64', async t => {
  const candidates = makeEqual(65)
  const ranks = new Map<Candidate, number>(candidates.map((candidate, index) => [candidate, 2 ** index]))
  const costOf = (candidate: Candidate): number => ranks.get(candidate) ?? NaN
  const seen = watch(costOf)
  const correct = Array.from({ length: 1_000 }, () => {
    const { candidate } = seen.contest.winner(candidates, 5)
    return new Set(seen.compared).size === 2 && seen.compared.length === 2 && costOf(candidate) === Math.min(...seen.compared.map(costOf))
  })
  t.notOk(correct.includes(false), `seed ${fixedSeed}`)
  t.equal(seen.at, 5)
})

test('a contest — gives the one whose turn it is — unless another one costs less', async t => {
  for (const { cost, place } of [{ cost: 1, place: 0 }, { cost: 0.99, place: 1 }]) {
    const candidates = makeEqual(100)
    const first = entryAt(candidates, new Lottery(seeded()).turn(candidates))
    const seen = watch(candidate => candidate === first ? 1 : cost)
    const { candidate } = seen.contest.winner(candidates, 0)
    t.equal(seen.compared[0], first, `seed ${fixedSeed}`)
    t.equal(candidate, seen.compared[place], `the other costs ${cost}`)
  }
})

test('a contest — makes a group once for a short list — and again for another', async t => {
  const candidates = makeEqual(3)
  const seen = watch()
  seen.contest.winner(candidates, 0)
  seen.contest.winner(candidates, 0)
  t.same(seen.groups, [candidates])
  seen.contest.winner([...candidates], 0)
  t.equal(seen.groups.length, 2)
})

test('what is made of a candidate of many — is made when it is drawn first, and kept for its list', async t => {
  const candidates = makeEqual(1000)
  const seen = watch()
  seen.contest.winner(candidates, 0)
  t.equal(seen.made.length, 2)
  for (let pick = 0; pick < 20_000; pick++) seen.contest.winner(candidates, 0)
  t.same([...seen.made].sort((one, other) => candidates.indexOf(one as OpenCandidate) - candidates.indexOf(other as OpenCandidate)), candidates, `in the end everyone was drawn, seed ${fixedSeed}`)
  seen.contest.winner([...candidates, ...makeEqual(1)], 0)
  t.equal(seen.made.length, 1002)
})

test('who was picked — has its turn twice more, 64 picks later each — while it works off what it gets', async t => {
  const candidates = makeEqual(1_000)
  const seen = watch()
  const rounds = Array.from({ length: 4 }, () => Array.from({ length: 64 }, () => seen.contest.winner(candidates, 0).candidate))
  t.same(rounds[1], rounds[0])
  t.same(rounds[2], rounds[0])
  t.notOk(rounds[3]?.some(candidate => rounds[0]?.includes(candidate)), `seed ${fixedSeed}`)
})

test('who was picked — waits for its turn like others — while it is busier than it was', async t => {
  const candidates = makeEqual(1_000)
  const seen = watch()
  const first = Array.from({ length: 64 }, () => seen.contest.winner(candidates, 0).candidate as OpenCandidate)
  for (const { node } of first) node.inFlight++
  const second = Array.from({ length: 64 }, () => seen.contest.winner(candidates, 0).candidate as OpenCandidate)
  t.notOk(second.some(candidate => first.includes(candidate)), `seed ${fixedSeed}`)
})

test('everyone is picked as often as others, nearly — of 1,000 equal ones', async t => {
  const candidates = makeEqual(1_000)
  const seen = watch()
  const counts = new Map<Candidate, number>()
  for (let pick = 0; pick < 100_000; pick++) {
    const { candidate } = seen.contest.winner(candidates, 0)
    counts.set(candidate, (counts.get(candidate) ?? 0) + 1)
  }
  t.equal(counts.size, 1_000)
  const [fewest, most] = [Math.min(...counts.values()), Math.max(...counts.values())]
  t.ok(fewest >= 94 && most <= 106, `${fewest} to ${most} of 100,000, seed ${fixedSeed}`)
})
