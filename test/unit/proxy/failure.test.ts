import { test } from 'tap'
import { errorOf, outcomeOf } from '../../../lib/proxy/failure.js'
import type { Failure } from '../../../lib/proxy/failure.js'

const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4711'), { code: 'ECONNREFUSED' })

const rows: ReadonlyArray<readonly [failure: Failure, outcome: string, status: number, code: string]> = [
  ['connect', 'error, not sent', 502, 'FST_BALANCE_UPSTREAM'],
  ['stale', 'aborted', 502, 'FST_BALANCE_UPSTREAM'],
  ['reset', 'error, sent', 502, 'FST_BALANCE_UPSTREAM'],
  ['malformed', 'error, sent', 502, 'FST_BALANCE_UPSTREAM'],
  ['timeout', 'error, sent', 504, 'FST_BALANCE_TIMEOUT'],
  ['deadline', 'aborted', 504, 'FST_BALANCE_TIMEOUT'],
  ['client', 'aborted', 400, 'FST_BALANCE_REQUEST']
]

const outcomes: Readonly<Record<string, object>> = {
  'error, not sent': { kind: 'error', error: cause, sent: false, elapsedMs: 12 },
  'error, sent': { kind: 'error', error: cause, sent: true, elapsedMs: 12 },
  aborted: { kind: 'aborted', elapsedMs: 12 }
}

for (const [failure, outcome, statusCode, code] of rows) {
  test(`a failure of kind ${failure} — is told to those who learn as: ${outcome}`, async t => {
    t.strictSame(outcomeOf(failure, cause, 12), outcomes[outcome])
  })

  test(`a failure of kind ${failure} — reaches the client as ${statusCode} ${code}, with the cause kept`, async t => {
    t.match(errorOf(failure, 'orders', cause), { statusCode, code, cause, message: /'orders'/ })
  })
}

test('the error for the client — names the service and no address — unless the request itself is at fault', async t => {
  for (const failure of ['connect', 'stale', 'reset', 'malformed', 'timeout', 'deadline'] as const) {
    t.notMatch(errorOf(failure, 'orders', cause).message, /127\.0\.0\.1|4711|ECONN/, failure)
  }
  t.match(errorOf('client', 'orders', new Error('invalid x-a header')).message, /invalid x-a header/)
})
