import { test } from 'tap'
import { decide } from '../../../lib/proxy/failover.js'
import type { AttemptEvent, Circumstances, Decision } from '../../../lib/proxy/failover.js'
import type { Failure } from '../../../lib/proxy/failure.js'

// One column per circumstance: i = idempotent, r = replayable, a = attempts left; a dash: not.
const columns = ['ira', 'ir-', 'i-a', 'i--', '-ra', '-r-', '--a', '---']

const failures: Readonly<Record<Failure, string>> = {
  //          ira ir- i-a i-- -ra -r- --a ---
  connect: '   F   F   .   .   F   F   .   .',
  stale: '     F   .   .   .   .   .   .   .',
  reset: '     F   .   .   .   .   .   .   .',
  malformed: ' F   .   .   .   .   .   .   .',
  timeout: '   F   .   .   .   .   .   .   .',
  deadline: '  .   .   .   .   .   .   .   .',
  client: '    .   .   .   .   .   .   .   .',
  doubt: '     F   .   .   .   .   .   .   .'
}

const responses: ReadonlyArray<readonly [what: string, event: Omit<AttemptEvent & { kind: 'response' }, 'kind'>, wasLimited: boolean, row: string]> = [
  //                                                                                                       ira ir- i-a i-- -ra -r- --a ---
  ['a status that is relayed', { statusCode: 200, isRetryable: false, isDraining: false }, false, '         .   .   .   .   .   .   .   .'],
  ['500', { statusCode: 500, isRetryable: false, isDraining: false }, false, '                              .   .   .   .   .   .   .   .'],
  ['503 outside retryOn', { statusCode: 503, isRetryable: false, isDraining: false }, false, '              .   .   .   .   .   .   .   .'],
  ['a status of retryOn', { statusCode: 503, isRetryable: true, isDraining: false }, false, '               F   .   .   .   .   .   .   .'],
  ['a status of retryOn after a 429', { statusCode: 502, isRetryable: true, isDraining: false }, true, '    F   .   .   .   .   .   .   .'],
  ['503 of a draining node', { statusCode: 503, isRetryable: true, isDraining: true }, false, '             F   .   .   .   F   .   .   .'],
  ['503 of a draining node, outside retryOn', { statusCode: 503, isRetryable: false, isDraining: true }, true, 'F   .   .   .   F   .   .   .'],
  ['429', { statusCode: 429, isRetryable: false, isDraining: false }, false, '                              F   .   .   .   .   .   .   .'],
  ['a second 429', { statusCode: 429, isRetryable: false, isDraining: false }, true, '                      .   .   .   .   .   .   .   .']
]

function circumstances (column: string, wasLimited: boolean): Circumstances {
  return { idempotent: column.includes('i'), replayable: column.includes('r'), attemptsLeft: column.includes('a'), wasLimited }
}

function decisions (row: string, otherwise: Decision): Decision[] {
  return row.trim().split(/\s+/).map(letter => letter === 'F' ? 'failover' : otherwise)
}

for (const failure of Object.keys(failures) as Failure[]) {
  test(`decide — fails over exactly where the table says — after ${failure}`, async t => {
    for (const wasLimited of [false, true]) {
      const decided = columns.map(column => decide({ kind: 'failure', failure }, circumstances(column, wasLimited)))
      t.same(decided, decisions(failures[failure], failure === 'doubt' ? 'wait' : 'fail'))
    }
  })
}

for (const [what, event, wasLimited, row] of responses) {
  test(`decide — fails over exactly where the table says — after ${what}`, async t => {
    const decided = columns.map(column => decide({ kind: 'response', ...event }, circumstances(column, wasLimited)))
    t.same(decided, decisions(row, 'relay'))
  })
}
