import { test } from 'tap'
import { smooth } from '../../../lib/strategies/smooth.js'
import type { Turn } from '../../../lib/strategies/smooth.js'
import type { NonEmpty } from '../../../types/strategy.js'

function makeTurns (a: number, b: number, c: number): NonEmpty<Turn<string>> {
  const turn = (owner: string, weight: number): Turn<string> => ({ owner, weight, claim: { value: 0 } })
  return [turn('a', a), turn('b', b), turn('c', c)]
}

const serve = (turns: NonEmpty<Turn<string>>, steps: number): string => Array.from({ length: steps }, () => smooth(turns)).join(' ')

test('smooth turns — are a a b a c a a, again and again — for weights 5, 1, 1', async t => {
  t.equal(serve(makeTurns(5, 1, 1), 14), 'a a b a c a a a a b a c a a', 'oracle O1')
})

test('smooth turns — are a b a c b a — for weights 3, 2, 1', async t => {
  t.equal(serve(makeTurns(3, 2, 1), 6), 'a b a c b a', 'oracle O3')
})

test('smooth turns — leave the claims of nginx after each step', async t => {
  const turns = makeTurns(5, 1, 1)
  const states = Array.from({ length: 7 }, () => {
    smooth(turns)
    return turns.map(({ claim }) => claim.value)
  })
  t.same(states, [[-2, 1, 1], [-4, 2, 2], [1, -4, 3], [-1, -3, 4], [4, -2, -2], [2, -1, -1], [0, 0, 0]], 'oracle O2')
})

test('smooth turns — always serve the one — when there is only one', async t => {
  const turn: Turn<string> = { owner: 'a', weight: 0.3, claim: { value: 0 } }
  t.equal(serve([turn], 3), 'a a a')
  t.equal(turn.claim.value, 0)
})
