import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { ActiveChecks } from '../../../lib/health/active-checks.js'
import { ManualClock } from '../../support/clock.js'
import { nodeWith } from '../node/fixtures.js'
import type { CheckRules } from '../../../lib/health/active-checks.js'
import type { Node } from '../../../types/index.js'

const rules: CheckRules = { path: '/health', intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 }

interface ChecksFixture {
  readonly checks: ActiveChecks
  readonly clock: ManualClock
  /** The instants at which a probe began, with its node. */
  readonly probes: string[]
  /** Ends the oldest probe that runs. */
  readonly end: (isWell: boolean) => Promise<void>
  /** How many probes run. */
  readonly running: () => number
  readonly judged: string[]
  /** One round: the time of a check passes, and it ends so. */
  readonly check: (isWell: boolean) => Promise<void>
}

function checksWith (random: () => number = () => 0.5): ChecksFixture {
  const clock = new ManualClock({ now: 0 })
  const probes: string[] = []
  const judged: string[] = []
  const ends: Array<(isWell: boolean) => void> = []
  const checks = new ActiveChecks({
    clock,
    random,
    probe: async node => {
      probes.push(`${node.info.id} ${clock.now()}`)
      return await new Promise(resolve => ends.push(resolve))
    },
    judge: (node, works) => judged.push(`${node.info.id} ${works ? 'works' : 'fails'}`)
  })
  const end = async (isWell: boolean): Promise<void> => {
    ends.shift()?.(isWell)
    await turn()
  }
  const check = async (isWell: boolean): Promise<void> => {
    clock.advance(2200)
    await end(isWell)
  }
  return { checks, clock, probes, end, running: () => ends.length, judged, check }
}

const nodeOf = (id: string): Node => nodeWith({ info: { id } })

test('the first check comes within 200 ms, by chance', async t => {
  for (const [chance, at] of [[0, 0], [0.5, 100], [0.999, 199.8]] as const) {
    const { checks, clock, probes } = checksWith(() => chance)
    checks.watch(nodeOf('a'), rules)
    clock.advance(200)
    t.same(probes, [`a ${at}`])
  }
})

test('the first check comes within the interval — when that is shorter', async t => {
  const { checks, clock, probes } = checksWith()
  checks.watch(nodeOf('a'), { ...rules, intervalMs: 100 })
  clock.advance(50)
  t.same(probes, ['a 50'])
})

test('further checks come an interval after the last, a tenth more or less', async t => {
  for (const [chance, afterMs] of [[0, 1800], [0.5, 2000], [0.75, 2100]] as const) {
    const chances = [0, chance]
    const { checks, clock, probes, end } = checksWith(() => chances.shift() ?? 0)
    checks.watch(nodeOf('a'), rules)
    clock.advance(0)
    clock.advance(700)
    await end(true)
    clock.advance(afterMs - 1)
    t.equal(probes.length, 1, `${afterMs - 1} ms after its end`)
    clock.advance(1)
    t.same(probes, ['a 0', `a ${700 + afterMs}`])
  }
})

test('a node is not asked again — while its check runs', async t => {
  const { checks, clock, probes } = checksWith()
  checks.watch(nodeOf('a'), rules)
  clock.advance(60_000)
  t.equal(probes.length, 1)
})

test('a node that is watched already is not watched twice', async t => {
  const { checks, clock, probes } = checksWith()
  const node = nodeOf('a')
  checks.watch(node, rules)
  checks.watch(node, rules)
  clock.advance(2000)
  t.equal(probes.length, 1)
})

test('the first check takes out alone a node that fails — and says nothing of one that works', async t => {
  for (const [isWell, judged] of [[false, ['a fails']], [true, []]] as const) {
    const fixture = checksWith()
    fixture.checks.watch(nodeOf('a'), rules)
    await fixture.check(isWell)
    t.same(fixture.judged, judged)
  }
})

test('a node is taken out after `fall` bad checks in a row, and back after `rise` good ones', async t => {
  const rows: ReadonlyArray<readonly [checks: string, judged: readonly string[]]> = [
    ['+--', []],
    ['+---', ['a fails']],
    ['+--+--', []],
    ['+--+---', ['a fails']],
    ['+------', ['a fails']],
    ['-+', ['a fails']],
    ['-++', ['a fails', 'a works']],
    ['-+-+', ['a fails']],
    ['-+-++', ['a fails', 'a works']],
    ['-++--', ['a fails', 'a works']],
    ['-++---', ['a fails', 'a works', 'a fails']],
    ['-++---++', ['a fails', 'a works', 'a fails', 'a works']]
  ]
  for (const [letters, judged] of rows) {
    const fixture = checksWith()
    fixture.checks.watch(nodeOf('a'), rules)
    for (const letter of letters) await fixture.check(letter === '+')
    t.same(fixture.judged, judged, letters)
  }
})

test('with rise and fall of 1 every change is told', async t => {
  const fixture = checksWith()
  fixture.checks.watch(nodeOf('a'), { ...rules, rise: 1, fall: 1 })
  for (const letter of '+-+-') await fixture.check(letter === '+')
  t.same(fixture.judged, ['a fails', 'a works', 'a fails'])
})

test('no more than 32 checks run at once — the others wait in turn', async t => {
  const { checks, clock, probes, end, running } = checksWith()
  for (let index = 0; index < 40; index++) checks.watch(nodeOf(`n${index}`), rules)
  clock.advance(200)
  t.equal(running(), 32)
  t.equal(probes.length, 32)
  await end(true)
  t.equal(running(), 32)
  t.equal(probes.at(-1), 'n32 200')
  for (let count = 0; count < 8; count++) await end(true)
  t.equal(probes.length, 40)
  t.equal(running(), 31)
})

test('a node that is gone is checked no more — in whatever phase it was', async t => {
  const planned = checksWith()
  const node = nodeOf('a')
  planned.checks.watch(node, rules)
  planned.checks.forget(node)
  t.equal(planned.clock.timers, 0, 'no timer is left')
  planned.clock.advance(60_000)
  t.same(planned.probes, [])

  const running = checksWith()
  running.checks.watch(node, rules)
  running.clock.advance(200)
  running.checks.forget(node)
  await running.end(false)
  t.same(running.judged, [], 'what its check finds is told to nobody')
  t.equal(running.clock.timers, 0)

  const waiting = checksWith()
  for (let index = 0; index < 32; index++) waiting.checks.watch(nodeOf(`n${index}`), rules)
  waiting.checks.watch(node, rules)
  waiting.clock.advance(200)
  waiting.checks.forget(node)
  await waiting.end(true)
  t.notOk(waiting.probes.some(probe => probe.startsWith('a ')), 'it leaves the line')
})

test('forgetting a node that is not watched does nothing', async t => {
  const { checks, clock, probes } = checksWith()
  checks.watch(nodeOf('a'), rules)
  checks.forget(nodeOf('a'))
  clock.advance(200)
  t.equal(probes.length, 1)
})

test('a node that comes back is checked anew — what an older check finds does not count', async t => {
  const { checks, clock, end, judged } = checksWith()
  const node = nodeOf('a')
  checks.watch(node, rules)
  clock.advance(200)
  checks.forget(node)
  checks.watch(node, rules)
  await end(false)
  t.same(judged, [])
  t.equal(clock.timers, 1)
})

test('stopping ends all checks, and leaves no timer', async t => {
  const { checks, clock, probes, end, judged } = checksWith()
  checks.watch(nodeOf('a'), rules)
  clock.advance(200)
  for (const id of ['b', 'c']) checks.watch(nodeOf(id), rules)
  checks.stop()
  await end(false)
  clock.advance(60_000)
  t.same([probes.length, judged, clock.timers], [1, [], 0])
})
