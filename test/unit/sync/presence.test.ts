import { test } from 'tap'
import { Presence } from '../../../lib/sync/presence.js'
import { ManualClock } from '../../support/clock.js'
import { promised, settled } from './fixtures.js'
import type { GatewayPresence } from '../../../types/index.js'

const address = 'http://10.0.0.1:8080'
const gateway = (id: string, given: Partial<GatewayPresence> = {}): GatewayPresence => ({ id, address: `http://${id}:8080`, machine: 'there', ...given })

function presenceWith ({ announce }: { announce?: (ttlMs: number) => Promise<void> } = {}) {
  const clock = new ManualClock()
  const said: string[] = []
  const presence = new Presence({
    id: 'me',
    machine: 'here',
    clock,
    store: {
      announce: async (gateway, ttlMs) => {
        said.push(`${gateway.id} ${gateway.address} ${gateway.machine} ${ttlMs}`)
        await announce?.(ttlMs)
      }
    }
  })
  return { clock, presence, said }
}

test('a gateway says every 5 s that it is there, and it holds for 15 s', async t => {
  const { clock, presence, said } = presenceWith()
  await presence.announce()
  t.same(said, [], 'nobody can reach it yet')
  presence.listens(address)
  for (const ms of [0, 4999, 1]) {
    clock.advance(ms)
    await presence.announce()
  }
  t.same(said, [`me ${address} here 15000`, `me ${address} here 15000`])
})

test('a gateway that the store does not show says at once that it is there', async t => {
  const { presence, said } = presenceWith()
  presence.listens(address)
  await presence.announce()
  presence.take([gateway('me'), gateway('b')])
  await presence.announce()
  t.equal(said.length, 1)
  presence.take([gateway('b')])
  await presence.announce()
  t.equal(said.length, 2)
})

test('what did not arrive is said again', async t => {
  const { presence, said } = presenceWith({ announce: async () => { throw new Error('no') } })
  presence.listens(address)
  await presence.announce()
  await presence.announce()
  t.equal(said.length, 2)
})

test('a gateway that goes says so last, and does not come back', async t => {
  const first = promised<undefined>()
  const { clock, presence, said } = presenceWith({ announce: ttlMs => ttlMs > 0 ? first.promise : Promise.resolve() })
  presence.listens(address)
  presence.take([gateway('me', { address }), gateway('b')])
  presence.announce()
  const left = [presence.leave(), presence.leave()]
  await settled()
  t.equal(said.length, 1, 'what is under way is waited for')
  t.same(presence.gateways, ['http://b:8080'], 'nodes are told at once')
  first.keep(undefined)
  await Promise.all(left)
  t.same(said.slice(1), [`me ${address} here 0`])
  presence.listens(address)
  await presence.announce()
  presence.take([gateway('me', { address }), gateway('b')])
  t.same(presence.gateways, ['http://b:8080'])
  t.equal(said.length, 2)
  t.equal(clock.timers, 0)
})

test('a gateway that never listened has nothing to say when it goes', async t => {
  const { presence, said } = presenceWith()
  await presence.leave()
  t.same(said, [])
})

test('the gateways are told in order, each once, and those alone that can be reached', async t => {
  const { presence } = presenceWith()
  presence.take([
    gateway('c'),
    gateway('b', { address: 'https://b/heartbeat' }),
    gateway('c again', { address: 'http://c:8080' }),
    gateway('d', { address: 'http://127.0.0.1:1', machine: 'there' }),
    gateway('e', { address: 'http://127.0.0.1:2', machine: 'here' })
  ])
  t.same(presence.gateways, ['http://127.0.0.1:2', 'http://c:8080', 'https://b/heartbeat'])
})

test('what is no gateway is left out', async t => {
  const { presence } = presenceWith()
  presence.take([null as never, { id: 'b' } as never, gateway('c', { address: null as never }), gateway('d', { address: 'nowhere' }), gateway('e', { address: 'javascript:1' }), gateway('f')])
  t.same(presence.gateways, ['http://f:8080'])
})
