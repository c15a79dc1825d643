import { test } from 'tap'
import { penaltyOf } from '../../../lib/strategies/penalty.js'
import { aborted, error, response } from './fixtures.js'
import type { Outcome } from '../../../types/attempt.js'

const rows: ReadonlyArray<readonly [name: string, outcome: Outcome, penaltyMs: number | undefined]> = [
  ['a 200', response(12), undefined],
  ['a slow 200', response(9_000), undefined],
  ['a 200 with Retry-After', response(12, 200, 60_000), undefined],
  ['a 304', response(12, 304), undefined],
  ['a 404', response(12, 404), undefined],
  ['a 499', response(12, 499), undefined],
  ['a 501', response(1, 501), undefined],
  ['a 505', response(1, 505), undefined],
  ['a 500', response(1, 500), 5_000],
  ['a fast 503 (oracle O47)', response(1, 503), 5_000],
  ['a 504 after 30 s', response(30_000, 504), 30_000],
  ['a 599', response(1, 599), 5_000],
  ['a 429', response(1, 429), 5_000],
  ['a 429 with Retry-After 30 (oracle O48)', response(1, 429, 30_000), 30_000],
  ['a 429 with Retry-After 1 (oracle O48)', response(1, 429, 1_000), 5_000],
  ['a 429 with Retry-After 600 (oracle O48)', response(1, 429, 600_000), 300_000],
  ['a refused connection', error(1, false), 5_000],
  ['a reset', error(20), 5_000],
  ['a timeout after 30 s', error(30_000), 30_000],
  ['a client that left', aborted(60_000), undefined]
]

for (const [name, outcome, penaltyMs] of rows) {
  test(`penalty — ${penaltyMs === undefined ? 'none' : `${penaltyMs} ms`} — for ${name}`, async t => {
    t.equal(penaltyOf(outcome), penaltyMs)
  })
}
