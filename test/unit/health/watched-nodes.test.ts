import { test } from 'tap'
import { watchNodes } from '../../../lib/health/watched-nodes.js'
import { registryWith } from '../registry/fixtures.js'
import type { CheckRules } from '../../../lib/health/active-checks.js'
import type { Node } from '../../../types/index.js'
import type { RegistryFixture } from '../registry/fixtures.js'

const rules: CheckRules = { path: '/health', intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 }

/** A registry with static nodes whose nodes without lease are checked. */
function watchedWith (given: Parameters<typeof registryWith>[0] = {}, rulesOf: (service: string) => CheckRules | false = () => rules): RegistryFixture & { readonly checked: Set<Node> } {
  const fixture = registryWith(given)
  const checked = new Set<Node>()
  watchNodes(fixture.registry, { watch: node => checked.add(node), forget: node => checked.delete(node) }, rulesOf)
  return { ...fixture, checked }
}

const configured = { nodes: [{ id: 'a' }] }

test('a node without lease is checked from its first change on, and until it is gone', async t => {
  const { registry, checked, node } = watchedWith()
  registry.renew({ service: 'orders', origin: 'http://10.0.0.1:3000', id: 'a' })
  t.same([...checked], [node('a')])
  registry.remove('orders', 'a')
  t.equal(checked.size, 0)
})

test('a node with a lease is not checked, nor one of a service without checks', async t => {
  const { say, checked } = watchedWith()
  say('a')
  t.equal(checked.size, 0)
  const without = watchedWith({}, () => false)
  without.registry.renew({ service: 'orders', origin: 'http://10.0.0.1:3000' })
  t.equal(without.checked.size, 0)
})

test('a node that was started again is checked on — also when its state does not change by it', async t => {
  for (const slowStartMs of [0, 10_000]) {
    const { say, checked, node, taken } = watchedWith({ ...configured, offer: { slowStartMs } })
    say('a', { incarnation: 1, seq: 1 })
    say('a', { incarnation: 2, seq: 1 })
    const first = node('a')
    taken()
    say('a', { incarnation: 3, seq: 1 })
    t.same(taken(), [], 'no change is told')
    t.not(node('a'), first)
    t.same([...checked], [node('a')])
  }
})

test('a node whose place another id takes is not checked any more', async t => {
  const { registry, checked, node } = watchedWith()
  registry.renew({ service: 'orders', origin: 'http://10.0.0.1:3000', id: 'a' })
  registry.renew({ service: 'orders', origin: 'http://10.0.0.1:3000', id: 'b' })
  t.same([...checked], [node('b')])
})
