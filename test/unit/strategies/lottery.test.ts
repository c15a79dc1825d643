import { test } from 'tap'
import { entryAt } from '../../../lib/strategies/entry-at.js'
import { Lottery } from '../../../lib/strategies/lottery.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeCandidates, makeEqual } from './fixtures.js'
import type { Candidate, NonEmpty } from '../../../types/strategy.js'

/** The id of the candidate at an index. */
const idAt = (candidates: NonEmpty<Candidate>, index: number): string => entryAt(candidates, index).node.info.id

/** How often each of the candidates has its turn. */
function countTurns (lottery: Lottery, candidates: NonEmpty<Candidate>, turns: number): number[] {
  const counts = candidates.map(() => 0)
  for (let turn = 0; turn < turns; turn++) {
    const index = lottery.turn(candidates)
    counts[index] = entryAt(counts, index) + 1
  }
  return counts
}

test('one ticket — goes to the candidate in whose share of the weights it falls', async t => {
  const candidates = makeCandidates([5, 1, 2])
  const drawn = [0, 0.624, 0.625, 0.749, 0.75, 0.999].map(chance => new Lottery(() => chance).one(candidates).node.info.id)
  t.same(drawn, ['a', 'a', 'b', 'b', 'c', 'c'])
})

test('another ticket — goes to one of the others, as if the one drawn before were not there', async t => {
  const candidates = makeCandidates([2, 1, 1])
  const rows: ReadonlyArray<readonly [drawn: number, chance: number, other: string]> = [
    [0, 0, 'b'], [0, 0.49, 'b'], [0, 0.5, 'c'], [0, 0.999, 'c'],
    [1, 0, 'a'], [1, 0.66, 'a'], [1, 0.67, 'c'],
    [2, 0, 'a'], [2, 0.67, 'b'], [2, 0.999, 'b']
  ]
  for (const [drawn, chance, other] of rows) t.equal(idAt(candidates, new Lottery(() => chance).other(candidates, drawn)), other, `not ${drawn}, chance ${chance}`)
})

test('candidates that all weigh the same — are drawn as if their weights were looked at', async t => {
  const candidates = makeEqual(4)
  const rows: ReadonlyArray<readonly [drawn: number, chance: number, other: string]> = [
    [0, 0, 'b'], [0, 0.999, 'd'], [1, 0, 'a'], [1, 0.33, 'a'], [1, 0.34, 'c'], [3, 0.999, 'c']
  ]
  for (const [drawn, chance, other] of rows) t.equal(idAt(candidates, new Lottery(() => chance).other(candidates, drawn)), other, `not ${drawn}, chance ${chance}`)
  t.equal(new Lottery(() => 0.75).one(candidates).node.info.id, 'd')
})

test('another ticket — never goes to the same — in 10,000 draws of two', async t => {
  const lottery = new Lottery(seeded())
  const candidates = makeEqual(2)
  const same = Array.from({ length: 10_000 }, (_, draw) => lottery.other(candidates, draw % 2) === draw % 2)
  t.notOk(same.includes(true), `oracle O26: with replacement it would be half (seed ${fixedSeed})`)
})

test('turns — come as often as the weights say, to one turn — wherever they begin', async t => {
  for (const start of [0, 0.5, 0.999_999]) {
    for (const weights of [[5, 1, 2], [1, 1, 1, 1, 1]] as Array<NonEmpty<number>>) {
      const candidates = makeCandidates(weights)
      const sum = weights.reduce((one, other) => one + other)
      const counts = countTurns(new Lottery(() => start), candidates, 1_000)
      for (const [index, weight] of weights.entries()) t.ok(Math.abs(entryAt(counts, index) - 1_000 * weight / sum) < 3, `${counts.join(' ')} for ${weights.join(' ')}, from ${start}`)
    }
  }
})

test('turns — leave nobody waiting for more than 2.62 turns of all — of 1,000', async t => {
  const candidates = makeEqual(1_000)
  const lottery = new Lottery(seeded())
  const last = new Map<number, number>()
  let longest = 0
  for (let turn = 0; turn < 50_000; turn++) {
    const index = lottery.turn(candidates)
    longest = Math.max(longest, turn - (last.get(index) ?? 0))
    last.set(index, turn)
  }
  t.equal(last.size, 1_000)
  t.ok(longest <= 2_618, `${longest}, seed ${fixedSeed}`)
})

test('turns — go on — when the list changes', async t => {
  const one = makeEqual(1_000)
  const lottery = new Lottery(() => 0)
  const turns = [lottery.turn(one), lottery.turn([...one]), lottery.turn([...one])]
  t.same(turns, [618, 236, 854])
})

test('a lottery — keeps the lists apart that it has seen', async t => {
  const lottery = new Lottery(() => 0.5)
  const long = makeCandidates([1, 1, 1])
  const short = makeCandidates([3, 1])
  const ids = [long, short, long].map(candidates => lottery.one(candidates).node.info.id)
  t.same(ids, ['b', 'a', 'b'])
})
