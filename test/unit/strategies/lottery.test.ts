import { test } from 'tap'
import { entryAt } from '../../../lib/strategies/entry-at.js'
import { Lottery } from '../../../lib/strategies/lottery.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeCandidates, makeEqual } from './fixtures.js'
import type { Candidate, NonEmpty } from '../../../types/strategy.js'

const idsOf = (...drawn: Candidate[]): string => drawn.map(({ node }) => node.info.id).join(' ')

/** A source that gives these numbers in turn, for ever. */
function script (...numbers: NonEmpty<number>): () => number {
  let next = 0
  return () => numbers[next++ % numbers.length] ?? 0
}

test('one ticket — goes to the candidate in whose share of the weights it falls', async t => {
  const candidates = makeCandidates([5, 1, 2])
  const drawn = [0, 0.624, 0.625, 0.749, 0.75, 0.999].map(chance => idsOf(new Lottery(() => chance).one(candidates)))
  t.same(drawn, ['a', 'a', 'b', 'b', 'c', 'c'])
})

test('two tickets — go to different candidates, the second as if the first were not there', async t => {
  const candidates = makeCandidates([2, 1, 1])
  const rows: ReadonlyArray<readonly [first: number, second: number, drawn: string]> = [
    [0, 0, 'a b'], [0, 0.49, 'a b'], [0, 0.5, 'a c'], [0, 0.999, 'a c'],
    [0.5, 0, 'b a'], [0.5, 0.66, 'b a'], [0.5, 0.67, 'b c'],
    [0.75, 0, 'c a'], [0.75, 0.67, 'c b'], [0.75, 0.999, 'c b']
  ]
  for (const [first, second, drawn] of rows) {
    t.equal(idsOf(...new Lottery(script(first, second)).two(candidates).map(index => entryAt(candidates, index))), drawn, `chances ${first} and ${second}`)
  }
})

test('candidates that all weigh the same — are drawn as if their weights were looked at', async t => {
  const candidates = makeEqual(4)
  const rows: ReadonlyArray<readonly [first: number, second: number, drawn: string]> = [
    [0, 0, 'a b'], [0.249, 0.999, 'a d'], [0.25, 0, 'b a'], [0.25, 0.33, 'b a'], [0.25, 0.34, 'b c'], [0.999, 0.999, 'd c']
  ]
  for (const [first, second, drawn] of rows) {
    t.equal(idsOf(...new Lottery(script(first, second)).two(candidates).map(index => entryAt(candidates, index))), drawn, `chances ${first} and ${second}`)
  }
  t.equal(idsOf(new Lottery(() => 0.75).one(candidates)), 'd')
})

test('two tickets — are never the same in 10,000 draws of two', async t => {
  const lottery = new Lottery(seeded())
  const candidates = makeEqual(2)
  const same = Array.from({ length: 10_000 }, () => lottery.two(candidates)).filter(([first, second]) => first === second)
  t.equal(same.length, 0, `oracle O26: with replacement it would be half (seed ${fixedSeed})`)
})

test('a lottery — keeps the lists apart that it has seen', async t => {
  const lottery = new Lottery(() => 0.5)
  const long = makeCandidates([1, 1, 1])
  const short = makeCandidates([3, 1])
  t.equal(idsOf(lottery.one(long)), 'b')
  t.equal(idsOf(lottery.one(short)), 'a')
  t.equal(idsOf(lottery.one(long)), 'b')
})
