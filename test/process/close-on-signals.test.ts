import Fastify from 'fastify'
import { test } from 'tap'
import { closeOnSignals } from '../../lib/close-on-signals.js'
import { addressOf, isQuiet, startNode } from '../support/process.js'
import type { CloseOptions } from '../../types/index.js'
import type { Exit } from '../support/process.js'

interface Row { readonly name: string, readonly env?: Readonly<Record<string, string>>, readonly signals: readonly NodeJS.Signals[], readonly exit: Exit }
const rows: readonly Row[] = [
  { name: 'SIGTERM closes the app, and the process ends with 0', signals: ['SIGTERM'], exit: { code: 0, signal: null } },
  { name: 'SIGINT does so too', signals: ['SIGINT'], exit: { code: 0, signal: null } },
  { name: 'a second signal ends the process at once', env: { CLOSE_MS: '60000' }, signals: ['SIGTERM', 'SIGTERM'], exit: { code: 143, signal: null } },
  { name: 'a second SIGINT ends the process at once', env: { CLOSE_MS: '60000' }, signals: ['SIGTERM', 'SIGINT'], exit: { code: 130, signal: null } },
  { name: 'a close that takes too long ends with 1', env: { CLOSE_MS: '60000', TIMEOUT_MS: '300' }, signals: ['SIGTERM'], exit: { code: 1, signal: null } },
  { name: 'a close that fails ends with 1', env: { FAILS: 'yes' }, signals: ['SIGTERM'], exit: { code: 1, signal: null } }
]

test('closeOnSignals — wrong options are told, and no handler is left', async t => {
  const before = process.listenerCount('SIGTERM')
  const rows: ReadonlyArray<[unknown, string]> = [
    [{ signals: 'SIGTERM' }, "option 'signals' must be an array, got 'SIGTERM'"],
    [{ signals: ['SIGTERM', 'SIGTRM'] }, "option 'signals[1]' must be the name of a signal that a process can wait for, as 'SIGTERM', got 'SIGTRM'"],
    [{ signals: ['SIGKILL'] }, "option 'signals[0]' must be the name of a signal that a process can wait for, as 'SIGTERM', got 'SIGKILL'"],
    [{ timeoutMs: '1' }, "option 'timeoutMs' must be a number between 1 and 2147483647, got '1'"],
    [{ timeout: 1 }, "option 'timeout' is not known; known are signals, timeoutMs"]
  ]
  for (const [options, message] of rows) t.throws(() => closeOnSignals(Fastify(), options as CloseOptions), { code: 'FST_BALANCE_OPTION', message }, message)
  t.equal(process.listenerCount('SIGTERM'), before)
})

test('closeOnSignals — a signal that comes while the app starts closes it too, and the process ends with 0', async t => {
  const app = startNode(t, 'test/process/fixtures/closing.js', { EARLY: 'SIGTERM' })
  t.same(await app.exited, { code: 0, signal: null }, app.errors.join('\n'))
  t.match(app.output.join('\n'), /"closing"/)
  isQuiet(t, app)
})

for (const { name, env, signals, exit } of rows) {
  test(`closeOnSignals — ${name}`, async t => {
    const app = startNode(t, 'test/process/fixtures/closing.js', env)
    await addressOf(app)
    const [first = 'SIGTERM', second] = signals
    app.send(first)
    await app.line(/"closing"/)
    if (second !== undefined) app.send(second)
    t.same(await app.exited, exit, app.output.slice(-3).join('\n'))
  })
}
