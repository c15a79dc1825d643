import { test } from 'tap'
import { nobody, Recent } from '../../../lib/strategies/recent.js'
import { makeNode } from './fixtures.js'

/** Goes round once: picks whoever is offered, and where nobody is, those of these indices in turn. */
function goRound (recent: Recent, indices: readonly number[] = []): number[] {
  const left = [...indices]
  return Array.from({ length: 64 }, () => {
    const offered = recent.next()
    const drawn = left.shift()
    if (offered !== nobody) recent.picked(offered, makeNode('any'))
    else if (drawn !== undefined) recent.picked(drawn, makeNode('any'))
    return offered
  })
}

const round = (...offered: number[]): number[] => [...offered, ...new Array<number>(64 - offered.length).fill(nobody)]

test('the memory — offers nobody — at first', async t => {
  t.same(goRound(new Recent()), round())
})

test('the memory — offers who was picked, in the order of the picks — 64 picks later, until it has won three times', async t => {
  const recent = new Recent()
  t.same(goRound(recent, [7, 3, 7]), round())
  for (let again = 0; again < 2; again++) t.same(goRound(recent), round(7, 3, 7))
  t.same(goRound(recent), round(), 'it is the turn of others')
  t.same(goRound(recent), round())
})

test('the memory — offers another one — that was picked instead', async t => {
  const recent = new Recent()
  goRound(recent, [7])
  t.equal(recent.next(), 7)
  recent.picked(5, makeNode('other'))
  for (let pick = 1; pick < 64; pick++) recent.next()
  for (let again = 0; again < 2; again++) t.same(goRound(recent), round(5), 'with as many wins as anyone')
  t.same(goRound(recent), round())
})

test('the memory — begins anew with the same one — that was drawn again', async t => {
  const recent = new Recent()
  for (let again = 0; again < 3; again++) goRound(recent, [7])
  goRound(recent, [7])
  for (let again = 0; again < 2; again++) t.same(goRound(recent), round(7))
  t.same(goRound(recent), round())
})

test('the memory — does not offer a node — that has more in flight than when it was picked', async t => {
  for (const inFlight of [0, 3]) {
    const recent = new Recent()
    const node = makeNode('busy', { inFlight })
    recent.next()
    recent.picked(7, node)
    node.inFlight++
    t.same(goRound(recent).slice(63), [nobody], `one more than ${inFlight}`)
    recent.picked(7, node)
    node.inFlight--
    t.same(goRound(recent).slice(63), [7], 'one less')
  }
})
