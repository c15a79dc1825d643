import { lstatSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'tap'
import { fileAt, isFile, join } from '../../../../lib/stores/local/join.js'
import { seeded } from '../../../support/random.js'
import { leaveStale, placeWith } from './fixtures.js'
import type { Entrance } from '../../../../lib/stores/local/join.js'
import type { Test } from 'tap'

async function enter (t: Test, place: string, seed: number = 1): Promise<Entrance> {
  const entrance = await join(place, seeded(seed))
  t.teardown(() => entrance.kind === 'hub' ? entrance.server.close() : entrance.socket.destroy())
  return entrance
}

test('join — the first one listens, the next one is connected', async t => {
  const place = placeWith(t)
  t.match(await enter(t, place), { kind: 'hub', file: fileAt(place) })
  t.match(await enter(t, place), { kind: 'client' })
  t.same(readdirSync(dirname(place)), ['hub.sock'], 'nothing else is left there')
  t.equal(lstatSync(place).mode & 0o777, 0o600, 'and it is for this user alone')
})

test('join — one listens — when many come at once', async t => {
  for (let round = 0; round < 20; round++) {
    const place = placeWith(t)
    const entrances = await Promise.all(Array.from({ length: 20 }, (_, index) => enter(t, place, 1000 + index)))
    t.equal(entrances.filter(({ kind }) => kind === 'hub').length, 1)
    t.same(readdirSync(dirname(place)), ['hub.sock'])
  }
})

test('join — takes the place of a hub that was killed — and one alone does, when many come at once', async t => {
  for (let round = 0; round < 20; round++) {
    const place = placeWith(t)
    await leaveStale(place)
    const entrances = await Promise.all(Array.from({ length: 20 }, (_, index) => enter(t, place, 1000 + index)))
    const hubs = entrances.filter(each => each.kind === 'hub')
    t.match(hubs, [{ file: fileAt(place) }])
    t.equal(hubs.length, 1)
    t.same(readdirSync(dirname(place)), ['hub.sock'])
  }
})

test('join — leaves a file alone that is no socket', async t => {
  const place = placeWith(t)
  writeFileSync(place, 'mine')
  await t.rejects(join(place, seeded()), { message: `'${place}' is no socket: it is left alone` })
  t.equal(readFileSync(place, 'utf8'), 'mine')
})

test('join — fails — where nothing can be made', async t => {
  await t.rejects(join('/nowhere/hub.sock', seeded()))
})

test('join — goes on as long as others are faster, but not for ever', async t => {
  const place = placeWith(t)
  for (let count = 0; count <= 20; count++) await leaveStale(`${place}${count}`)
  let count = 0
  // While it makes itself ready, another takes the place, and dies.
  const random = (): number => {
    renameSync(`${place}${count++}`, place)
    return 0.5
  }
  await t.rejects(join(place, random), /neither found a hub at .* nor became it/)
  t.equal(count, 20)
})

test('a named pipe is no file', async t => {
  t.same([isFile('\\\\.\\pipe\\x'), isFile('/tmp/x.sock')], [false, true])
})
