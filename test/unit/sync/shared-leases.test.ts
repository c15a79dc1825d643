import { test } from 'tap'
import { SharedLeases } from '../../../lib/sync/shared-leases.js'
import { infoWith } from '../node/fixtures.js'
import { messageOf } from '../registry/fixtures.js'
import { storedWith } from './fixtures.js'
import type { Announcement } from '../../../lib/registry/announcement.js'
import type { Lease, StoredLease } from '../../../types/store.js'

/** What this gateway shares, without a store: what is put is written with `write`. */
function leasesWith ({ accepts = () => true }: { accepts?: (announcement: Announcement) => boolean } = {}) {
  let now = 1000
  const waiting: Lease[] = []
  const sent: string[] = []
  const learnt: string[] = []
  const refused: string[] = []
  const leases = new SharedLeases({
    id: 'me',
    machine: 'here',
    now: () => now,
    learn: announcement => {
      learnt.push(`${announcement.info.id} ${announcement.state} ${announcement.ttlMs}`)
      return accepts(announcement)
    },
    put: (_key, lease) => waiting.push(lease),
    send: async ({ info, state, stamp }) => { sent.push(`${info.id} ${state} ${stamp}`) },
    refused: (_lease, error) => refused.push(error.message)
  })
  return {
    leases,
    waiting,
    learnt,
    refused,
    sent: () => sent.splice(0),
    pass: (ms: number) => { now += ms },
    write: async () => { for (const lease of waiting.splice(0)) await leases.write(lease) },
    /** The store shows something. */
    see: (given: readonly StoredLease[], complete = false) => {
      leases.asks()
      return leases.take({ leases: given, complete })
    }
  }
}

const shownOf = (lease: Lease | undefined): StoredLease => ({ ...storedWith(), ...lease, ageMs: 0 })

test('what is heard here is shared, each under a stamp of its own', async t => {
  const { leases, waiting } = leasesWith()
  leases.heard(messageOf('a', { incarnation: 3, seq: 4, state: 'draining' }))
  leases.heard(messageOf('a', { incarnation: 3, seq: 5 }))
  t.match(waiting, [{ info: { id: 'a' }, incarnation: 3, seq: 4, state: 'draining', ttlMs: 3000, stamp: 'me 1', machine: null }, { seq: 5, stamp: 'me 2' }])
})

test('a node on a loopback address is shared with the processes of its machine alone', async t => {
  const { leases, waiting, learnt, see } = leasesWith()
  leases.heard(messageOf('a', { info: { origin: 'http://127.0.0.1:3000' } }))
  t.equal(waiting[0]?.machine, 'here')
  const origin = 'http://localhost:3000'
  see([storedWith({ info: { id: 'b', origin }, machine: 'there' }), storedWith({ info: { id: 'c', origin }, machine: 'here' })])
  t.same(learnt, ['c up 4000'])
})

test('a lease is taken in once, and not that which this gateway has put itself', async t => {
  const { leases, waiting, learnt, see } = leasesWith()
  const lease = storedWith({ info: { id: 'b' } })
  leases.heard(messageOf('a'))
  see([lease, shownOf(waiting[0])])
  see([lease, shownOf(waiting[0])], true)
  t.same(learnt, ['b up 4000'])
})

test('of the first lease of a node the store knows how old it is; later ones begin when they are seen', async t => {
  const { learnt, see } = leasesWith()
  see([storedWith({ ageMs: 2500 })])
  see([storedWith({ ageMs: 2500 })])
  t.same(learnt, ['a up 1500', 'a up 4000'])
})

test('a lease may be over on arrival, but not for a minute', async t => {
  const { learnt, see } = leasesWith()
  see([storedWith({ info: { id: 'b' }, ageMs: 64_000 }), storedWith({ info: { id: 'a' }, ageMs: 63_999 })])
  t.same(learnt, ['a up -59999'])
  see([storedWith({ info: { id: 'b' }, ageMs: 3_600_000 })])
  t.equal(learnt.length, 1, 'also when it advances')
})

test('the oldest is taken in first: of two ids at one origin the later one holds', async t => {
  const { learnt, see } = leasesWith()
  see([storedWith({ info: { id: 'new' }, ageMs: 10 }), storedWith({ info: { id: 'old' }, ageMs: 2000 })])
  t.same(learnt, ['old up 2000', 'new up 3990'])
})

test('what cannot be a lease is refused, and stops nothing', async t => {
  const { learnt, refused, see } = leasesWith()
  see([null as never, { ...storedWith(), info: undefined as never }, storedWith({ info: { id: 'b' } })], true)
  t.same(learnt, ['b up 4000'])
  t.equal(refused.length, 2)
})

test('a store that has everything to show and does not show it is given it again', async t => {
  const { leases, sent, write, see } = leasesWith()
  leases.heard(messageOf('a'))
  await write()
  see([])
  t.same(sent(), ['a up me 1'], 'it only had nothing new to show')
  see([], true)
  await write()
  see([storedWith()], true)
  await write()
  t.same(sent(), ['a up me 1'])
})

test('a full comparison puts nothing again that it cannot show yet', async t => {
  const { leases, waiting, write } = leasesWith()
  leases.heard(messageOf('a'))
  leases.asks()
  leases.take({ leases: [], complete: true })
  t.equal(waiting.length, 1, 'it waits still')
  leases.asks()
  await write()
  leases.take({ leases: [], complete: true })
  t.equal(waiting.length, 0, 'it was written while the answer was on its way')
  leases.asks()
  leases.take({ leases: [], complete: true })
  t.equal(waiting.length, 1, 'now it is lost')
})

test('a node that has gone over to another gateway is not put again', async t => {
  const { leases, sent, write, see } = leasesWith()
  leases.heard(messageOf('a'))
  await write()
  see([storedWith()])
  see([], true)
  await write()
  t.same(sent(), ['a up me 1'])
})

test('a node that another gateway has heard of before stays ours', async t => {
  const { leases, sent, write, see } = leasesWith({ accepts: () => false })
  leases.heard(messageOf('a', { incarnation: 1, seq: 2 }))
  await write()
  see([storedWith({ incarnation: 1, seq: 1 })])
  see([], true)
  await write()
  t.same(sent(), ['a up me 1', 'a up me 1'])
})

test('a node that does not count: nobody can tell whether what another gateway heard is newer, until what we heard is written', async t => {
  const { leases, learnt, write, see } = leasesWith()
  const other = storedWith({ state: 'left' })
  leases.heard(messageOf('a'))
  t.notOk(see([other]), 'it waits')
  leases.asks()
  await write()
  t.notOk(leases.take({ leases: [other], complete: false }), 'it was written while the answer was on its way')
  t.same(learnt, [])
  t.ok(see([other]), 'now the store has decided which one is later')
  t.same(learnt, ['a left 4000'])
})

test('a node that does not count: what another gateway hears counts after a second, also where we cannot write', async t => {
  const { leases, learnt, pass, see } = leasesWith()
  leases.heard(messageOf('a'))
  pass(999)
  t.notOk(see([storedWith()]))
  pass(1)
  t.ok(see([storedWith()]))
  t.same(learnt, ['a up 4000'])
})

test('a node that counts: the numbers tell at once', async t => {
  const { leases, learnt, see } = leasesWith()
  leases.heard(messageOf('a', { incarnation: 1, seq: 1 }))
  t.ok(see([storedWith({ incarnation: 1, seq: 2 })]))
  leases.heard(messageOf('a', { incarnation: 1, seq: 3 }))
  t.notOk(see([storedWith({ incarnation: 1 })]), 'its messages are not counted')
  t.ok(see([storedWith({ incarnation: 2 })]))
  t.equal(learnt.length, 2)
})

test('a lease that is over when its turn comes is not written: others would take it for new', async t => {
  const { leases, sent, pass, write, see } = leasesWith()
  leases.heard(messageOf('a'))
  leases.heard(messageOf('b'))
  pass(2999)
  leases.heard(messageOf('c'))
  pass(1)
  await write()
  t.same(sent(), ['c up me 3'])
  see([], true)
  await write()
  t.same(sent(), ['c up me 3'])
})

test('a goodbye of a node that counts is shared for ten minutes, else for as long as its lease', async t => {
  for (const [given, ms] of [[{ incarnation: 1 }, 600_000], [{}, 3000]] as const) {
    for (const [passed, count] of [[ms - 1, 1], [ms, 0]] as const) {
      const { leases, sent, pass, write } = leasesWith()
      leases.heard(messageOf('a', { state: 'left', ...given }))
      leases.gone(infoWith())
      pass(passed)
      await write()
      t.equal(sent().length, count, `${passed} ms later`)
    }
  }
})

test('a goodbye is put until the store has shown it', async t => {
  const { leases, waiting, write, see } = leasesWith()
  leases.heard(messageOf('a', { incarnation: 1, state: 'left' }))
  await write()
  see([], true)
  t.equal(waiting.length, 1)
  const [goodbye] = waiting
  await write()
  see([shownOf(goodbye)], true)
  see([], true)
  t.equal(waiting.length, 0)
})

test('a node that is not known any more is not shared', async t => {
  const { leases, waiting, sent, write, see } = leasesWith()
  leases.heard(messageOf('a'))
  leases.gone(infoWith())
  await write()
  see([], true)
  t.same([sent(), waiting], [[], []])
})

test('a node that the store has forgotten and another gateway shows again has the age that the store says', async t => {
  const { learnt, see } = leasesWith()
  const lease = storedWith()
  see([lease])
  see([], true)
  see([{ ...lease, ageMs: 1000 }])
  t.same(learnt, ['a up 4000', 'a up 3000'])
})

test('a goodbye says which node it was, and no more', async t => {
  const { leases, waiting } = leasesWith()
  const info = { weight: 5, zone: 'z', version: '1', tags: { a: 'b' } }
  const load = { eventLoopUtilization: 0.5, eventLoopDelayMs: 1, heapUsedBytes: 1, rssBytes: 1, inFlight: 1, underPressure: false }
  leases.heard(messageOf('a', { info, load, state: 'left' }))
  t.match(waiting, [{ info: { id: 'a', service: 'orders', zone: null, version: null }, load: null }])
  t.same(waiting[0]?.info.tags, {})
})

test('the goodbye of a node that nobody has shown is not shared; that of one that was heard, or shown, is', async t => {
  const { leases, sent, write, see } = leasesWith()
  const goodbye = (id: string): void => leases.heardOfUnknown(messageOf(id, { incarnation: 1, seq: 9, state: 'left' }))
  see([storedWith({ info: { id: 'b' }, incarnation: 1, seq: 1 })])
  leases.heard(messageOf('c', { incarnation: 1, seq: 1 }))
  for (const id of ['a', 'b', 'c']) goodbye(id)
  await write()
  t.same(sent(), ['b left me 3', 'c left me 4'])
})

test('a goodbye that comes before the node is shown is shared then, if it is the later one', async t => {
  for (const [title, goodbye, shown, passedMs, isShared] of [
    ['it counts', { incarnation: 1, seq: 2 }, { incarnation: 1, seq: 1 }, 1000, true],
    ['it counts, and the node was put again meanwhile', { incarnation: 1, seq: 2 }, { incarnation: 1, seq: 1, ageMs: 0 }, 599_999, true],
    ['it counts, ten minutes later', { incarnation: 1, seq: 2 }, { incarnation: 1, seq: 1 }, 600_000, false],
    ['it does not count, and the node was put before', {}, { ageMs: 1010 }, 1000, true],
    ['it does not count, and the node came afterwards', {}, { ageMs: 999 }, 1000, false],
    ['it does not count, and its lease would be over', {}, { ageMs: 3010 }, 3000, false]
  ] as const) {
    const { leases, sent, pass, write, see } = leasesWith({ accepts: () => false })
    leases.heardOfUnknown(messageOf('a', { state: 'left', ...goodbye }))
    pass(passedMs)
    see([storedWith(shown)])
    await write()
    t.same(sent(), isShared ? ['a left me 1'] : [], title)
    see([storedWith(shown)])
    await write()
    t.same(sent(), [], 'once')
  }
})

test('a node that does not count and has said goodbye before it was shown is not taken in until the store has decided', async t => {
  const { leases, learnt, write, see } = leasesWith()
  leases.heardOfUnknown(messageOf('a', { state: 'left' }))
  t.notOk(see([storedWith({ ageMs: 20 })]))
  await write()
  t.ok(see([{ ...storedWith({ state: 'left' }), stamp: 'me 1' }]))
  t.same(learnt, [])
})

test('of the goodbyes of unknown nodes the last thousand are kept, and none once its node has come', async t => {
  const { leases, sent, write, see } = leasesWith({ accepts: () => false })
  for (let id = 0; id <= 1000; id++) leases.heardOfUnknown(messageOf(`${id}`, { info: { origin: 'http://10.0.0.1:1' }, incarnation: 1, seq: 2, state: 'left' }))
  leases.heard(messageOf('1', { info: { origin: 'http://10.0.0.1:1' }, incarnation: 2, seq: 1 }))
  see(['0', '1', '2'].map(id => storedWith({ info: { id, origin: 'http://10.0.0.1:1' }, incarnation: 1, seq: 1 })))
  await write()
  t.same(sent(), ['1 up me 1002', '2 left me 3'])
})

test('a goodbye that is over is forgotten also while the store shows nothing', async t => {
  for (const [passedMs, questions, isForgotten] of [[600_000, 30, true], [600_000, 29, false], [599_999, 30, false]] as const) {
    const { leases, sent, pass, write } = leasesWith()
    leases.heard(messageOf('a', { incarnation: 1, seq: 1, state: 'left' }))
    pass(passedMs)
    for (let question = 0; question < questions; question++) leases.asks()
    await write()
    sent()
    leases.heardOfUnknown(messageOf('a', { incarnation: 1, seq: 2, state: 'left' }))
    await write()
    t.equal(sent().length, isForgotten ? 0 : 1, `${passedMs} ms and ${questions} questions later`)
  }
})
