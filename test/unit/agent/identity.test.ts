import t from 'tap'
import { Identity, verdictOn } from '../../../lib/agent/identity.js'
import type { Contest } from '../../../lib/agent/identity.js'

const contest: Contest = { sent: 100, current: 100, holder: 200, met: false, sharesPort: true, ending: false, yieldedTo: null, waitedFor: null }

const rows: ReadonlyArray<readonly [string, Partial<Contest>, string]> = [
  ['the message was older than what this process says by now', { current: 300 }, 'resend'],
  ['an earlier process had a clock that was ahead', {}, 'raise'],
  ['an earlier process with the same name at another origin had a clock that was ahead', { sharesPort: false }, 'raise'],
  ['a process elsewhere took the name after this one was accepted', { sharesPort: false, met: true }, 'rename'],
  ['a process that shares the port took the id after this one was accepted', { met: true }, 'yield'],
  ['another process took host:port meanwhile', { met: true, yieldedTo: 150, waitedFor: 150 }, 'yield'],
  ['the process that this one gave way to has the same incarnation still', { met: true, yieldedTo: 200, waitedFor: 200 }, 'raise'],
  ['this process gave way to that one at another gateway', { yieldedTo: 200 }, 'yield'],
  ['an earlier process is known here, while this one gave way to another elsewhere', { yieldedTo: 150 }, 'raise'],
  ['this process ends, and its successor holds the port', { met: true, ending: true }, 'yield'],
  ['this process ends, and gave way to its successor a while ago', { met: true, ending: true, yieldedTo: 200, waitedFor: 200 }, 'yield'],
  ['this process ends, and gave way at another gateway', { ending: true, yieldedTo: 150 }, 'yield'],
  ['this process ends, and another one has its name', { met: true, ending: true, sharesPort: false }, 'yield'],
  ['this process ends before this gateway has heard of it', { ending: true }, 'raise']
]

for (const [name, fields, verdict] of rows) {
  t.test(`superseded: ${verdict} when ${name}`, async t => {
    t.equal(verdictOn({ ...contest, ...fields }), verdict)
  })
}

t.test('messages are counted, and carry an id only when there is one', async t => {
  const identity = new Identity(null, 1000.7, () => 0)
  t.same([identity.next(), identity.next()], [{ incarnation: 1000, seq: 1 }, { incarnation: 1000, seq: 2 }])
  t.same(new Identity('a', 1, () => 0).next(), { id: 'a', incarnation: 1, seq: 1 })
})

t.test('an incarnation only rises', async t => {
  const identity = new Identity(null, 1000, () => 0)
  identity.raiseAbove(5)
  t.equal(identity.incarnation, 1000)
  identity.raiseAbove(2000)
  t.equal(identity.incarnation, 2001)
})

t.test('a new name is made of the configured one and four hex digits, and is no longer than an id may be', async t => {
  const chances = [0.5, 1 / 0x10000]
  const identity = new Identity('orders', 1, () => chances.shift() ?? 0)
  t.same([identity.rename(), identity.rename(), identity.id], ['orders~8000', 'orders~0001', 'orders~0001'])
  t.equal(new Identity('x'.repeat(128), 1, () => 0).rename().length, 128)
})
