import { test } from 'tap'
import { retryAfterMsOf } from '../../../lib/proxy/retry-after.js'

const wallNow = Date.UTC(2026, 10, 22, 12, 0, 0)

const rows: ReadonlyArray<readonly [header: string | string[] | undefined, ms: number | undefined]> = [
  ['2', 2000],
  ['0', 0],
  ['300', 300_000],
  [' 2', undefined],
  ['Sun, 22 Nov 2026 12:00:05 GMT', 5000],
  ['Sun, 22 Nov 2026 11:59:00 GMT', 0],
  ['Sunday, 22-Nov-26 12:00:05 GMT', 5000],
  ['Sun, 99 Nov 2026 12:00:05 GMT', undefined],
  ['2026-11-22T12:00:05Z', undefined],
  ['in 7 seconds', undefined],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['', undefined],
  [['2', '3'], undefined],
  [undefined, undefined]
]

for (const [header, ms] of rows) {
  test(`Retry-After ${JSON.stringify(header)} — asks for ${ms} ms`, async t => {
    t.equal(retryAfterMsOf(header, wallNow), ms)
  })
}
