import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { Discovery } from '../../../lib/discovery/discovery.js'
import type { Answer } from '../../../lib/discovery/resolve.js'

interface Planned { readonly delayMs: number, readonly task: () => void }

/** A discovery whose answers and time the test plays. */
function discoveryWith (answers: ReadonlyArray<Answer | Error>): { planned: Planned[], calls: string[], nodes: Set<string>, next: () => Promise<void>, discovery: Discovery } {
  const [planned, calls, left]: [Planned[], string[], Array<Answer | Error>] = [[], [], [...answers]]
  const nodes = new Set<string>()
  const discovery = new Discovery('things', { a: 'things.example', port: 80 }, {
    registry: {
      nodes: () => Array.from(nodes, origin => ({ id: origin, origin, static: origin === 'http://static' })) as never,
      renew: ({ origin, weight }) => {
        if (origin === 'http://refused') throw new Error('refused')
        calls.push(`renew ${origin} ${weight}`)
        nodes.add(origin)
      },
      remove: (_service, id) => {
        calls.push(`remove ${id}`)
        return nodes.delete(id)
      }
    },
    resolve: async () => {
      const answer = left.shift()
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no more')
      return answer
    },
    clock: {
      after: (delayMs, task) => {
        planned.push({ delayMs, task })
        return () => calls.push('cancelled')
      }
    },
    random: () => 0.5,
    troubled: (_service, error) => calls.push(error === null ? 'well again' : `trouble ${error.message}`)
  })
  const next = async (): Promise<void> => {
    const count = planned.length
    if (count === 0) discovery.start()
    else planned.at(-1)?.task()
    for (let turn = 0; turn < 10 && planned.length === count; turn++) await Promise.resolve()
  }
  return { planned, calls, nodes, next, discovery }
}

const answer = (ttlMs: number, ...origins: string[]): Answer => ({ nodes: origins.map(origin => ({ origin, weight: 1 })), ttlMs })

test('discovery — tells the registry what has changed, and no more', async t => {
  const { calls, next } = discoveryWith([answer(5000, 'http://a', 'http://b'), answer(5000, 'http://a', 'http://b'), { nodes: [{ origin: 'http://b', weight: 3 }], ttlMs: 5000 }])
  await next()
  t.same(calls.splice(0), ['renew http://a 1', 'renew http://b 1'])
  await next()
  t.same(calls.splice(0), [])
  await next()
  t.same(calls, ['renew http://b 3', 'remove http://a'])
})

test('discovery — brings a node back that the registry has no more, with the second answer that lists it since', async t => {
  const { calls, nodes, next } = discoveryWith(Array.from({ length: 5 }, () => answer(5000, 'http://a', 'http://b')))
  await next()
  calls.length = 0
  nodes.delete('http://a')
  await next()
  t.same(calls, [], 'the first may be older than its goodbye')
  await next()
  t.same(calls, ['renew http://a 1'])
  await next()
  nodes.delete('http://a')
  await next()
  t.same(calls, ['renew http://a 1'], 'and again')
})

test('discovery — leaves alone what took the place of a node that was gone', async t => {
  const { calls, nodes, next } = discoveryWith(Array.from({ length: 3 }, () => answer(5000, 'http://a')))
  await next()
  calls.length = 0
  nodes.delete('http://a')
  nodes.add('http://a')
  await next()
  await next()
  t.same(calls, [])
})

test('discovery — a node that is gone from the registry and from the answer stays away', async t => {
  const { calls, nodes, next } = discoveryWith([answer(5000, 'http://a', 'http://b'), answer(5000, 'http://b'), answer(5000, 'http://b')])
  await next()
  calls.length = 0
  nodes.delete('http://a')
  await next()
  await next()
  t.same(calls, [])
})

test('discovery — leaves configured nodes alone', async t => {
  const { calls, next } = discoveryWith([answer(5000, 'http://static', 'http://a'), answer(5000, 'http://a')])
  await next()
  await next()
  t.same(calls.filter(each => each.startsWith('remove')), [])
})

test('discovery — asks again after the time to live, within 1 s to 30 s', async t => {
  const { planned, next } = discoveryWith([answer(0, 'http://a'), answer(7000, 'http://a'), answer(3_600_000, 'http://a')])
  for (let round = 0; round < 3; round++) await next()
  t.same(planned.map(({ delayMs }) => delayMs), [1000, 7000, 30_000])
})

test('discovery — without an answer backs off, keeps all, and says so once', async t => {
  const failures = Array.from({ length: 7 }, () => new Error('SERVFAIL'))
  const { planned, calls, next } = discoveryWith([answer(1000, 'http://a'), ...failures, answer(1000, 'http://a')])
  for (let round = 0; round < 9; round++) await next()
  t.same(planned.map(({ delayMs }) => delayMs), [1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1000])
  t.same(calls, ['renew http://a 1', 'trouble SERVFAIL', 'well again'])
})

test('discovery — an answer that the registry refuses counts as none, and the next is asked for as after a failure', async t => {
  const { planned, calls, next } = discoveryWith([answer(5000, 'http://a'), answer(5000, 'http://b', 'http://refused'), answer(5000, 'http://refused'), answer(5000, 'http://b')])
  for (let round = 0; round < 4; round++) await next()
  t.same(planned.map(({ delayMs }) => delayMs), [5000, 1000, 2000, 5000])
  t.same(calls, ['renew http://a 1', 'renew http://b 1', 'trouble refused', 'remove http://a', 'well again'])
})

test('discovery — that was stopped does nothing more', async t => {
  for (const last of [answer(1000, 'http://a'), new Error('SERVFAIL')]) {
    const { planned, calls, discovery } = discoveryWith([last])
    discovery.start()
    discovery.stop()
    await turn()
    t.same([planned, calls], [[], []])
  }
})
