import { test } from 'tap'
import { Roster } from '../../../lib/proxy/roster.js'

test('members stand in the order in which they came', async t => {
  const roster = new Roster<string>()
  for (const member of ['a', 'b', 'c']) roster.join(member)
  t.same([...roster], ['a', 'b', 'c'])
  t.equal(roster.length, 3)
})

test('anyone may leave — the first, one between, the last, the only one', async t => {
  const roster = new Roster<string>()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(member => roster.join(member))
  const left: string[][] = []
  for (const place of [b, d, a, c]) {
    if (place !== undefined) roster.leave(place)
    left.push([...roster])
  }
  t.same(left, [['a', 'c', 'd'], ['a', 'c'], ['c'], []])
  roster.join('e')
  t.same([...roster], ['e'])
})

test('a place that was given up — is given up once', async t => {
  const roster = new Roster<string>()
  const place = roster.join('a')
  roster.join('b')
  roster.leave(place)
  roster.leave(place)
  t.same([[...roster], roster.length], [['b'], 1])
})

test('a place that was given up points to nobody, so it keeps nobody alive', async t => {
  const roster = new Roster<string>()
  const [, b] = ['a', 'b', 'c'].map(member => roster.join(member))
  if (b !== undefined) roster.leave(b)
  t.match(b, { before: null, after: null, isTaken: false })
})

test('a visit ends when there is enough', async t => {
  const roster = new Roster<string>()
  const visited: string[] = []
  for (const member of ['a', 'b', 'c']) roster.join(member)
  roster.each(member => visited.push(member) < 2)
  t.same(visited, ['a', 'b'])
})

test('during a visit anyone may come or go — those who left are not visited', async t => {
  const roster = new Roster<string>()
  const [a, b, c] = ['a', 'b', 'c'].map(member => roster.join(member))
  const visited: string[] = []
  roster.each(member => {
    visited.push(member)
    if (member === 'a') for (const place of [a, b]) if (place !== undefined) roster.leave(place)
    if (member === 'c' && c !== undefined) {
      roster.leave(c)
      roster.join('d')
      roster.join('e')
    }
    return true
  })
  t.same(visited, ['a', 'c'])
  t.same([...roster], ['d', 'e'])
})
