import { test } from 'tap'
import { entryAt } from '../../../lib/strategies/entry-at.js'

test('entryAt — gives the entry — at an index within the list', async t => {
  t.equal(entryAt(['a', 'b'], 0), 'a')
  t.equal(entryAt(['a', 'b'], 1), 'b')
})

test('entryAt — throws a RangeError that names index and length — at an index outside the list', async t => {
  t.throws(() => entryAt(['a', 'b'], 2), new RangeError('index 2 is outside a list of 2'))
  t.throws(() => entryAt(['a', 'b'], -1), new RangeError('index -1 is outside a list of 2'))
})
