import { once } from 'node:events'
import { test } from 'tap'
import { Changes } from '../../../lib/registry/changes.js'
import { nodeWith } from '../node/fixtures.js'
import type { Test } from 'tap'
import type { NodeChange } from '../../../types/index.js'

const changeOf = (id: string): NodeChange => ({ service: 'orders', id, origin: 'http://10.0.0.1:3000', from: null, to: 'up', reason: 'registered' })

/** Changes, and what listeners heard of them. */
function changesWith (): { changes: Changes, heard: string[], hears: (who: string) => () => void, happen: (...ids: string[]) => void } {
  const changes = new Changes()
  const heard: string[] = []
  return {
    changes,
    heard,
    hears: who => changes.onChange(({ id }) => { heard.push(`${who} ${id}`) }),
    happen: (...ids) => {
      for (const id of ids) changes.changed(changeOf(id))
      changes.deliver()
    }
  }
}

/** The next warning of the process; nothing is printed. */
async function nextWarning (t: Test): Promise<unknown> {
  const printers = process.listeners('warning')
  process.removeAllListeners('warning')
  t.teardown(() => printers.forEach(printer => process.on('warning', printer)))
  const [warning] = await once(process, 'warning')
  return warning
}

test('what happened is told when it is delivered, once, in order, to everybody', async t => {
  const { changes, heard, hears, happen } = changesWith()
  hears('first')
  hears('second')
  changes.changed(changeOf('a'))
  t.same(heard, [], 'not before the registry is whole')
  happen('b')
  changes.deliver()
  t.same(heard, ['first a', 'second a', 'first b', 'second b'])
})

test('a change is frozen', async t => {
  const { changes, happen } = changesWith()
  changes.onChange(change => t.ok(Object.isFrozen(change)))
  t.plan(1)
  happen('a')
})

test('changes and goodbyes are told in the order in which they happened', async t => {
  const { changes, heard, hears, happen } = changesWith()
  const node = nodeWith({})
  hears('change')
  const stop = changes.onGone(each => { heard.push(each === node ? 'gone' : 'another') })
  changes.changed(changeOf('a'))
  changes.gone(node)
  happen('b')
  t.same(heard, ['change a', 'gone', 'change b'])
  stop()
  changes.gone(node)
  changes.deliver()
  t.same(heard.length, 3, 'nobody listens any more')
})

test('who unsubscribes hears no more — also during a call, and also when it stands later in the row', async t => {
  const { changes, heard, hears, happen } = changesWith()
  const stops: Array<() => void> = []
  changes.onChange(() => stops.forEach(stop => stop()))
  stops.push(hears('second'), hears('third'))
  happen('a', 'b')
  t.same(heard, [])
})

test('a listener that unsubscribes itself leaves the others their turn', async t => {
  const { changes, heard, hears, happen } = changesWith()
  const stop = changes.onChange(() => {
    heard.push('once')
    stop()
  })
  hears('always')
  happen('a', 'b')
  t.same(heard, ['once', 'always a', 'always b'])
})

test('who subscribes during a call hears the next change — and a listener that subscribes anew each time does not loop', async t => {
  const { changes, heard, happen } = changesWith()
  let stop = (): void => {}
  const listener = ({ id }: NodeChange): void => {
    heard.push(id)
    stop()
    stop = changes.onChange(listener)
  }
  stop = changes.onChange(listener)
  happen('a', 'b')
  t.same(heard, ['a', 'b'])
})

test('the same function twice is two subscriptions, and each ends only itself', async t => {
  const { changes, heard, happen } = changesWith()
  const listener = ({ id }: NodeChange): void => { heard.push(id) }
  const stop = changes.onChange(listener)
  changes.onChange(listener)
  happen('a')
  stop()
  stop()
  happen('b')
  t.same(heard, ['a', 'a', 'b'])
})

test('what a listener brings about is told after what it was told — to everybody in the same order', async t => {
  const { changes, heard, hears, happen } = changesWith()
  changes.onChange(({ id }) => { if (id === 'a') happen('caused') })
  hears('second')
  happen('a', 'b')
  t.same(heard, ['second a', 'second b', 'second caused'])
})

test('a listener that throws stops nobody, and a warning says so', async t => {
  const { changes, heard, hears, happen } = changesWith()
  changes.onChange(() => { throw new Error('a mistake') })
  hears('second')
  const warned = nextWarning(t)
  happen('a')
  const warning = await warned
  t.same(heard, ['second a'])
  t.match(warning, { name: 'FastifyBalanceWarning', code: 'FST_BALANCE_LISTENER', message: 'A listener of the registry threw', detail: /^Error: a mistake\n/ })
})

test('an async listener that fails does not end the process', async t => {
  const { changes, happen } = changesWith()
  const fail: () => unknown = async () => { throw new Error('too late') }
  changes.onChange(fail as () => void)
  const warned = nextWarning(t)
  happen('a')
  t.match(await warned, { detail: /^Error: too late\n/ })
})

test('what is thrown need not be an Error', async t => {
  const { changes, happen } = changesWith()
  const thrown: unknown = Object.create(null)
  changes.onGone(() => { throw thrown })
  const warned = nextWarning(t)
  changes.gone(nodeWith({}))
  happen()
  t.match(await warned, { detail: 'it threw a object' })
})
