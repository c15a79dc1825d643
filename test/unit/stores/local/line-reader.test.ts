import fc from 'fast-check'
import { test } from 'tap'
import { LineReader } from '../../../../lib/stores/local/line-reader.js'

test('LineReader — gives the lines — wherever the stream is cut, also within a character', async t => {
  const lines = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).filter(line => !line.includes('\n')), { maxLength: 8 })
  fc.assert(fc.property(lines, fc.array(fc.nat(200), { maxLength: 12 }), fc.string({ maxLength: 5 }).filter(rest => !rest.includes('\n')), (lines, cuts, rest) => {
    const stream = Buffer.from(lines.map(line => `${line}\n`).join('') + rest)
    const reader = new LineReader(1000)
    const ends = [...cuts.map(cut => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length]
    const found = ends.flatMap((end, index) => [...reader.read(stream.subarray(ends[index - 1] ?? 0, end))])
    t.same(found, lines)
  }))
})

test('LineReader — takes a line of the most bytes, not of one more', async t => {
  for (const chunks of [['aaaa\n'], ['aa', 'aa', '\n'], ['x\naaaa']]) {
    const reader = new LineReader(4)
    t.doesNotThrow(() => chunks.flatMap(chunk => [...reader.read(Buffer.from(chunk))]))
  }
  for (const chunks of [['aaaaa\n'], ['aa', 'aaa'], ['x\naaaaa'], ['ää', 'a']]) {
    const reader = new LineReader(4)
    t.throws(() => chunks.flatMap(chunk => [...reader.read(Buffer.from(chunk))]), /more than 4 bytes/)
  }
})
