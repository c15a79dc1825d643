import { EventEmitter } from 'node:events'
import { test } from 'tap'
import { Departures } from '../../../lib/proxy/departures.js'

test('a connection that closes — is told to everyone who still waits on it, once, by one listener', async t => {
  const departures = new Departures()
  const [one, other] = [new EventEmitter(), new EventEmitter()]
  const heard: string[] = []
  const stops = Array.from({ length: 20 }, (_, index) => departures.watch(one, () => heard.push(`one ${index}`)))
  departures.watch(other, () => heard.push('other'))
  t.equal(one.listenerCount('close'), 1)
  for (const stop of stops.slice(2)) stop()
  one.emit('close')
  one.emit('close')
  t.same(heard, ['one 0', 'one 1'])
})
