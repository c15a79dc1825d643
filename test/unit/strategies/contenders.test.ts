import { test } from 'tap'
import { Contenders } from '../../../lib/strategies/contenders.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeEqual } from './fixtures.js'
import type { Candidate, NonEmpty } from '../../../types/strategy.js'

interface Member { readonly candidate: Candidate }
interface Group { readonly compared: NonEmpty<Member> }

/** What is made of candidates shows who they are, and that it was made. */
function contendersOf (): { of: (candidates: NonEmpty<Candidate>) => Group, made: Candidate[] } {
  const made: Candidate[] = []
  const contenders = new Contenders<Member, Group>(seeded(), candidate => {
    made.push(candidate)
    return { candidate }
  }, compared => ({ compared }))
  return { of: candidates => contenders.of(candidates), made }
}

const candidatesIn = ({ compared }: Group): Candidate[] => compared.map(({ candidate }) => candidate)

test('contenders — are all candidates — of up to 64', async t => {
  for (const count of [1, 2, 64]) {
    const candidates = makeEqual(count)
    t.same(candidatesIn(contendersOf().of(candidates)), candidates)
  }
})

test('contenders — are two different candidates — of more than 64', async t => {
  const candidates = makeEqual(65)
  const contenders = contendersOf()
  const picks = Array.from({ length: 1_000 }, () => candidatesIn(contenders.of(candidates)))
  t.ok(picks.every(drawn => drawn.length === 2 && new Set(drawn).size === 2), `seed ${fixedSeed}`)
  t.equal(new Set(picks.flat()).size, 65, `in the end everyone was drawn, seed ${fixedSeed}`)
})

test('contenders — are made once for a list and again for another', async t => {
  const candidates = makeEqual(3)
  const contenders = contendersOf()
  const made = contenders.of(candidates)
  t.equal(contenders.of(candidates), made)
  t.not(contenders.of([...candidates]), made)
})

test('what is made of a candidate — is made when it is drawn first, and kept for its list', async t => {
  const candidates = makeEqual(1000)
  const contenders = contendersOf()
  contenders.of(candidates)
  t.equal(contenders.made.length, 2)
  for (let pick = 0; pick < 10_000; pick++) contenders.of(candidates)
  t.same([...contenders.made].sort((one, other) => candidates.indexOf(one) - candidates.indexOf(other)), candidates, `seed ${fixedSeed}`)
  contenders.of([...candidates, ...makeEqual(1)])
  t.equal(contenders.made.length, 1002)
})
