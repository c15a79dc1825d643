import { test } from 'tap'
import { quietMs, RefusalLog } from '../../../lib/heartbeat/refusal-log.js'
import { ManualClock } from './fixtures.js'

function logOf () {
  const told: unknown[] = []
  const clock = new ManualClock()
  const log = new RefusalLog(clock)
  const tell = (peer: string, code = 'X') => log.tell({ warn: (entry: unknown) => { told.push(entry) } }, peer, { code, message: 'why' })
  return { told, clock, tell }
}

test('trouble is told when it begins and once a minute while it lasts', async t => {
  const { told, clock, tell } = logOf()
  for (let count = 0; count < 5; count++) tell('10.0.0.5')
  t.same(told, [{ peer: '10.0.0.5', code: 'X', reason: 'why', before: 0 }])
  clock.advance(quietMs - 1)
  tell('10.0.0.5')
  t.equal(told.length, 1)
  clock.advance(1)
  tell('10.0.0.5')
  t.same(told[1], { peer: '10.0.0.5', code: 'X', reason: 'why', before: 5 })
})

test('how often trouble came is not forgotten because other trouble is told in between', async t => {
  const { told, clock, tell } = logOf()
  for (let count = 0; count < 5; count++) tell('10.0.0.5')
  clock.advance(quietMs)
  tell('10.0.0.6')
  tell('10.0.0.5')
  t.match(told[2], { peer: '10.0.0.5', before: 4 })
})

test('each peer and each code is told for itself', async t => {
  const { told, tell } = logOf()
  tell('10.0.0.5')
  tell('10.0.0.6')
  tell('10.0.0.5', 'Y')
  t.equal(told.length, 3)
})

test('no more than 1000 troubles are told before the oldest are over', async t => {
  const { told, clock, tell } = logOf()
  for (let count = 0; count < 1100; count++) tell(`peer ${count}`)
  t.equal(told.length, 1000)
  clock.advance(2 * quietMs)
  tell('another')
  t.equal(told.length, 1001)
})
