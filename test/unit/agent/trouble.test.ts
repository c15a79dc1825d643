import t from 'tap'
import { TroubleLog } from '../../../lib/agent/trouble.js'
import { keptLog } from './fake-log.js'
import { ManualClock } from '../../support/clock.js'

function troubleLog () {
  const { log, lines } = keptLog()
  const clock = new ManualClock()
  return { clock, lines, trouble: new TroubleLog(log, clock, 'http://g/heartbeat') }
}

t.test('the first beat that is accepted is told, and what came before it is over', async t => {
  const { trouble, lines } = troubleLog()
  trouble.seen('unreachable', 'refused', null)
  trouble.accepted('orders', 'a')
  trouble.accepted('orders', 'a')
  t.match(lines, [{ level: 'warn' }, { level: 'info', fields: { gateway: 'http://g/heartbeat', service: 'orders', id: 'a' }, message: 'registered' }])
  t.equal(lines.length, 2)
})

t.test('trouble is told when it begins and when it ends, not in between', async t => {
  const { trouble, lines } = troubleLog()
  trouble.accepted('orders', 'a')
  trouble.seen('unreachable', 'refused', null)
  trouble.seen('unreachable', 'refused', null)
  trouble.seen('closing', '503', null)
  trouble.seen('unreachable', 'refused', null)
  trouble.accepted('orders', 'a')
  trouble.accepted('orders', 'a')
  t.match(lines, [
    { level: 'info', message: 'registered' },
    { level: 'warn', fields: { gateway: 'http://g/heartbeat', trouble: 'unreachable', detail: 'refused' } },
    { level: 'warn', fields: { trouble: 'closing' } },
    { level: 'info', fields: { gateway: 'http://g/heartbeat', troubles: ['unreachable', 'closing'] } }
  ])
  t.equal(lines.length, 4)
})

t.test('trouble that comes back is told again', async t => {
  const { trouble, lines } = troubleLog()
  trouble.seen('forbidden', '403', null)
  trouble.accepted('orders', 'a')
  trouble.seen('forbidden', '403', null)
  t.same(lines.map(({ level }) => level), ['warn', 'info', 'warn'])
})

t.test('an invalid heartbeat is told once a minute', async t => {
  const { trouble, lines, clock } = troubleLog()
  for (const ms of [0, 30_000, 29_999, 1, 59_999]) {
    await clock.pass(ms)
    trouble.seen('invalid', '400', null)
  }
  t.equal(lines.length, 2)
})

t.test('a cure is told with the trouble', async t => {
  const { trouble, lines } = troubleLog()
  trouble.seen('forbidden', '403', 'listen elsewhere')
  t.match(lines, [{ level: 'warn', fields: { trouble: 'forbidden', detail: '403', cure: 'listen elsewhere' } }])
})
