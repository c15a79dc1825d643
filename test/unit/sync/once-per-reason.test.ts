import { test } from 'tap'
import { oncePerReason } from '../../../lib/sync/once-per-reason.js'

test('each reason is told once, and a hundred of them at most', async t => {
  const told: string[] = []
  const tell = oncePerReason((_what, { message }) => told.push(message))
  for (let round = 0; round < 2; round++) {
    for (let reason = 0; reason < 101; reason++) tell({}, new Error(`${reason}`))
  }
  t.same(told, Array.from({ length: 100 }, (_, reason) => `${reason}`))
})
