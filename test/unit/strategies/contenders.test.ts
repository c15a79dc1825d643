import { test } from 'tap'
import { Contenders } from '../../../lib/strategies/contenders.js'
import { fixedSeed, seeded } from '../../support/random.js'
import { makeEqual } from './fixtures.js'
import type { Candidate, NonEmpty } from '../../../types/strategy.js'

/** Makes of candidates what shows that it was made. */
const wrap = (compared: NonEmpty<Candidate>): { compared: NonEmpty<Candidate> } => ({ compared })

test('contenders — are all candidates — of up to 64', async t => {
  for (const count of [1, 2, 64]) {
    const candidates = makeEqual(count)
    t.equal(new Contenders(seeded(), wrap).of(candidates).compared, candidates)
  }
})

test('contenders — are two different candidates — of more than 64', async t => {
  const candidates = makeEqual(65)
  const contenders = new Contenders(seeded(), wrap)
  const picks = Array.from({ length: 1_000 }, () => contenders.of(candidates).compared)
  t.ok(picks.every(drawn => drawn.length === 2 && new Set(drawn).size === 2), `seed ${fixedSeed}`)
  t.equal(new Set(picks.flat()).size, 65, `in the end everyone was drawn, seed ${fixedSeed}`)
})

test('contenders — are made once for a list and again for another', async t => {
  const candidates = makeEqual(3)
  const contenders = new Contenders(seeded(), wrap)
  const made = contenders.of(candidates)
  t.equal(contenders.of(candidates), made)
  t.not(contenders.of([...candidates]), made)
})
