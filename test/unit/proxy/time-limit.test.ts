import { test } from 'tap'
import { timeLimitOf } from '../../../lib/proxy/time-limit.js'
import type { Progress, TimeLimit } from '../../../lib/proxy/time-limit.js'

const rows: ReadonlyArray<readonly [what: string, progress: Progress, connectMs: number, attemptMs: number, limit: TimeLimit]> = [
  ['nothing was sent yet: connecting is next', { wasSent: false, elapsedMs: 0, leftMs: 9000 }, 100, 1000, { failure: null, afterMs: 100 }],
  ['a moment before the end of connecting', { wasSent: false, elapsedMs: 99.5, leftMs: 9000 }, 100, 1000, { failure: null, afterMs: 1 }],
  ['the end of connecting', { wasSent: false, elapsedMs: 100, leftMs: 9000 }, 100, 1000, { failure: 'connect' }],
  ['sent: the end of connecting is past', { wasSent: true, elapsedMs: 100, leftMs: 9000 }, 100, 1000, { failure: null, afterMs: 900 }],
  ['a moment before the end of the attempt', { wasSent: true, elapsedMs: 999.9, leftMs: 9000 }, 100, 1000, { failure: null, afterMs: 1 }],
  ['the end of the attempt', { wasSent: true, elapsedMs: 1000, leftMs: 9000 }, 100, 1000, { failure: 'timeout' }],
  ['an attempt shorter than connecting may be', { wasSent: false, elapsedMs: 0, leftMs: 9000 }, 100, 50, { failure: null, afterMs: 50 }],
  ['its end, not connected', { wasSent: false, elapsedMs: 50, leftMs: 9000 }, 100, 50, { failure: 'connect' }],
  ['its end, connected', { wasSent: true, elapsedMs: 50, leftMs: 9000 }, 100, 50, { failure: 'timeout' }],
  ['the deadline comes first', { wasSent: true, elapsedMs: 10, leftMs: 20.2 }, 100, 1000, { failure: null, afterMs: 21 }],
  ['the deadline, sent', { wasSent: true, elapsedMs: 10, leftMs: 0 }, 100, 1000, { failure: 'deadline' }],
  ['the deadline, not sent', { wasSent: false, elapsedMs: 10, leftMs: -1 }, 100, 1000, { failure: 'deadline' }],
  ['the deadline and the end of the attempt together', { wasSent: true, elapsedMs: 1000, leftMs: 0 }, 100, 1000, { failure: 'deadline' }],
  ['an attempt without an end: the deadline alone', { wasSent: true, elapsedMs: 5000, leftMs: 40 }, 100, Infinity, { failure: null, afterMs: 40 }]
]

for (const [what, progress, connectMs, attemptMs, limit] of rows) {
  test(`the limit of time — ${what}`, async t => {
    t.strictSame(timeLimitOf(progress, connectMs, attemptMs), limit)
  })
}
