import t from 'tap'
import { dutiesOf, ranked } from '../../../lib/agent/fanout.js'

const urls = ['http://10.0.0.1:8080/heartbeat', 'http://10.0.0.2:8080/heartbeat', 'http://10.0.0.3:8080/heartbeat']
const gateways = urls.map(url => ({ url }))
const ids = Array.from({ length: 1000 }, (_, index) => `10.1.${index >> 8}.${index & 255}:3000`)
const order = (links: ReadonlyArray<{ url: string }>, id: string): string[] => ranked(links, id).map(({ url }) => url)

t.test('the order of the gateways is that of the node, however they are listed', async t => {
  const permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(indices => indices.flatMap(index => gateways[index] ?? []))
  for (const id of ids.slice(0, 50)) {
    const expected = order(gateways, id)
    t.same([...expected].sort(), urls)
    for (const permutation of permutations) t.same(order(permutation, id), expected)
  }
  t.same(order([], 'a'), [])
})

t.test('1,000 nodes spread over three gateways, each place of the order within 15 %', async t => {
  const orders = ids.map(id => order(gateways, id))
  for (const place of [0, 1, 2]) {
    const counts = urls.map(url => orders.filter(each => each[place] === url).length)
    t.ok(counts.every(count => Math.abs(count - 1000 / 3) <= 0.15 * 1000 / 3), `place ${place}: ${counts.join(', ')}`)
  }
})

t.test('a gateway that goes moves its own nodes alone, and they spread over the others', async t => {
  for (const gone of urls) {
    const left = gateways.filter(({ url }) => url !== gone)
    const moved = ids.filter(id => order(gateways, id)[0] === gone)
    const stayed = ids.filter(id => !moved.includes(id))
    t.same(stayed.filter(id => order(left, id)[0] !== order(gateways, id)[0]), [])
    const taken = left.map(({ url }) => moved.filter(id => order(left, id)[0] === url).length)
    t.ok(Math.min(...taken) > 0.35 * moved.length, `${taken.join(', ')} of ${moved.length}`)
  }
})

// A letter per gateway, the preferred first: `-` does not answer, `1` and `*` answer and say one and all.
const rows: ReadonlyArray<readonly [links: string, beating: number, heeded: string]> = [
  ['-', 1, 'a'], ['1', 1, 'a'], ['*', 1, 'a'],
  ['---', 3, 'abc'], ['1--', 1, 'a'], ['-1-', 2, 'b'], ['--1', 3, 'c'],
  ['11-', 1, 'a'], ['1-1', 1, 'a'], ['-11', 2, 'b'], ['111', 1, 'a'],
  ['*--', 3, 'abc'], ['-*-', 3, 'abc'], ['--*', 3, 'abc'],
  ['**-', 3, 'abc'], ['*-*', 3, 'abc'], ['-**', 3, 'abc'], ['***', 3, 'abc'],
  ['1*-', 3, 'abc'], ['*1-', 3, 'abc'], ['1-*', 3, 'abc'], ['*-1', 3, 'abc'], ['-1*', 3, 'abc'], ['-*1', 3, 'abc'],
  ['11*', 3, 'abc'], ['1*1', 3, 'abc'], ['*11', 3, 'abc'], ['1**', 3, 'abc'], ['*1*', 3, 'abc'], ['**1', 3, 'abc']
]
for (const [links, count, words] of rows) {
  t.test(`of gateways that are ${links} the first ${count} are beaten, and ${words} are heeded`, async t => {
    const states = [...links].map((state, index) => ({
      name: 'abc'.charAt(index),
      isAnswering: state !== '-',
      directives: state === '-' ? null : { fanout: state === '1' ? 'one' as const : 'all' as const }
    }))
    const { beating, heeded } = dutiesOf(states)
    t.same(beating, states.slice(0, count))
    t.equal(heeded.map(({ name }) => name).join(''), words)
  })
}

t.test('what a gateway said before it fell silent does not decide who beats', async t => {
  const silent = { isAnswering: false, directives: { fanout: 'all' as const } }
  const answering = { isAnswering: true, directives: { fanout: 'one' as const } }
  t.same(dutiesOf([answering, silent]).beating, [answering])
})

t.test('without gateways there is nothing to do', async t => {
  t.same(dutiesOf([]), { beating: [], heeded: [] })
})
