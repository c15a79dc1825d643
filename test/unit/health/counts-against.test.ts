import { test } from 'tap'
import { countsAgainst } from '../../../lib/health/counts-against.js'
import type { Outcome } from '../../../types/index.js'

test('an outcome counts against its node — when it is an error, or a 5xx that does not speak of the request', async t => {
  const rows: ReadonlyArray<readonly [outcome: Outcome, counts: boolean]> = [
    [{ kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 1 }, true],
    [{ kind: 'error', error: new Error('refused'), sent: false, elapsedMs: 1 }, true],
    [{ kind: 'aborted', elapsedMs: 1 }, false],
    ...([[200, false], [204, false], [304, false], [400, false], [404, false], [429, false], [499, false], [500, true], [501, false], [502, true],
      [503, true], [504, true], [505, false], [506, true], [599, true]] as const)
      .map(([statusCode, counts]) => [{ kind: 'response', statusCode, latencyMs: 1 }, counts] as const)
  ]
  for (const [outcome, counts] of rows) t.equal(countsAgainst(outcome), counts, JSON.stringify(outcome))
})
