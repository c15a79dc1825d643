import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { strategies } from '../../lib/strategies/index.js'
import { fixedSeed, seeded } from '../support/random.js'
import { begin, contextAt, countPicks, error, makeCandidates, makeEqual, nodeAt, pickIds, response, tell } from '../unit/strategies/fixtures.js'
import type { Random } from '../../types/clock.js'
import type { Candidate, NonEmpty, Strategy } from '../../types/strategy.js'
import type { OpenCandidate } from '../unit/strategies/fixtures.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What every strategy keeps to. */
function keepsTheContract (name: string, make: (random: Random) => Strategy): void {
  test(`${name} — picks a candidate that it was given — of lists short and long`, async t => {
    for (const count of [1, 2, 3, 64, 65, 128, 129, 1_000]) {
      const candidates = makeEqual(count)
      const strategy = make(seeded())
      const picked = Array.from({ length: 50 }, () => strategy.pick(candidates, contextAt(0)) as OpenCandidate)
      t.ok(picked.every(each => candidates.includes(each)), `of ${count} (seed ${fixedSeed})`)
    }
  })

  test(`${name} — picks the one — when there is only one, however it fails`, async t => {
    const strategy = make(seeded())
    const candidates = makeEqual(1)
    for (let now = 0; now < 100; now += 10) {
      t.equal(strategy.pick(candidates, contextAt(now)), candidates[0])
      tell(strategy, candidates[0].node, error(3), now)
    }
  })

  test(`${name} — gives every node requests — while all answer alike`, async t => {
    for (const count of [3, 100]) {
      const strategy = make(seeded())
      const candidates = makeEqual(count)
      const nodes = Array.from({ length: count * 20 }, (_, now) => {
        const node = begin(strategy, candidates, now)
        tell(strategy, node, response(5), now)
        node.inFlight = 0
        return node
      })
      t.equal(new Set(nodes).size, count, `seed ${fixedSeed}`)
    }
  })

  test(`${name} — picks of the list at hand — when lists with the same nodes alternate`, async t => {
    for (const count of [3, 65, 66]) {
      const strategy = make(seeded())
      const candidates = makeEqual(count)
      const repeated = Array.from({ length: 100 }, (_, now) => {
        const first = strategy.pick(candidates, contextAt(now))
        const others = candidates.filter(each => each !== first) as [OpenCandidate, OpenCandidate]
        tell(strategy, first.node, error(1, false), now)
        return !others.includes(strategy.pick(others, contextAt(now)) as OpenCandidate)
      })
      t.notOk(repeated.includes(true), `of ${count} (seed ${fixedSeed})`)
    }
  })

  test(`${name} — favours weight — also fractions of it`, async t => {
    const counts = countPicks(make(seeded()), makeCandidates([0.1, 0.3, 0.6]), 1_000)
    t.ok((counts.a ?? 0) < 150, `${JSON.stringify(counts)} (seed ${fixedSeed})`)
    t.ok((counts.c ?? 0) > 500, `${JSON.stringify(counts)} (seed ${fixedSeed})`)
  })

  test(`${name} — changes neither lists nor nodes`, async t => {
    for (const count of [3, 100]) {
      const strategy = make(seeded())
      const candidates = Object.freeze(makeEqual(count).map(({ node, weight }) => Object.freeze({ node: Object.freeze(node), weight }))) as unknown as NonEmpty<Candidate>
      pickIds(strategy, candidates, 10)
      tell(strategy, candidates[0].node, response(10))
      t.equal(pickIds(strategy, candidates, 10).length, 10)
    }
  })

  test(`${name} — decides the same again — by the same chance and the same news`, async t => {
    const run = (): string[] => {
      const strategy = make(seeded())
      const candidates = makeCandidates([3, 1, 2])
      return Array.from({ length: 100 }, (_, step) => {
        const node = begin(strategy, candidates, step * 10)
        tell(strategy, node, response(step % 7), step * 10 + 5)
        return node.info.id
      })
    }
    t.same(run(), run())
  })

  test(`${name} — holds no reference to a node — that was removed`, async t => {
    for (const count of [3, 100]) {
      const strategy = make(seeded())
      const kept = makeEqual(count)
      const removed = useAndRemove(strategy, kept)
      t.ok(await isCollected(removed), `of ${count}`)
      t.equal(pickIds(strategy, kept, 1).length, 1)
    }
  })
}

/** Lets a strategy have all to do with a further node, and gives it up. */
function useAndRemove (strategy: Strategy, kept: NonEmpty<OpenCandidate>): WeakRef<object> {
  const [joined] = makeEqual(1)
  const candidates: NonEmpty<OpenCandidate> = [joined, ...kept]
  pickIds(strategy, candidates, 2 * candidates.length)
  tell(strategy, nodeAt(candidates, 0), response(10))
  pickIds(strategy, candidates, 10)
  return new WeakRef(joined.node)
}

/** Whether garbage collection takes it: in one of some turns of the event loop, for a value may lie about where a function has ended. */
async function isCollected (reference: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 10 && reference.deref() !== undefined; turn++) {
    await setImmediate()
    collectGarbage()
  }
  return reference.deref() === undefined
}

for (const [name, make] of Object.entries(strategies)) keepsTheContract(name, make)
