import { test } from 'tap'
import { ejectionMs, mayBeEjected, OutlierDetector } from '../../../lib/health/outlier.js'
import { nodeWith } from '../node/fixtures.js'
import type { EjectionRules } from '../../../lib/health/outlier.js'
import type { Node, Outcome, Random } from '../../../types/index.js'

const defaults: EjectionRules = {
  consecutive: 5, connect: 3, successRatio: 0.8, windowMs: 10_000, minRequests: 10, baseMs: 1000, maxMs: 60_000, maxRatio: 0.5
}
/** With it an ejection is neither longer nor shorter than its rule says. */
const evenly: Random = () => 0.5

interface DetectorFixture {
  readonly detector: OutlierDetector
  readonly node: Node
  /** What was ejected, as `id until`. */
  readonly ejected: string[]
  /** Settles an attempt that began and ended at this instant, for each letter: S 200, F 500, X reset, C refused, L 429, A aborted. */
  readonly play: (letters: string, at?: number) => void
}

const outcomes: Readonly<Record<string, Outcome>> = {
  S: { kind: 'response', statusCode: 200, latencyMs: 0 },
  F: { kind: 'response', statusCode: 500, latencyMs: 0 },
  L: { kind: 'response', statusCode: 429, latencyMs: 0 },
  X: { kind: 'error', error: new Error('reset'), sent: true, elapsedMs: 0 },
  C: { kind: 'error', error: new Error('refused'), sent: false, elapsedMs: 0 },
  A: { kind: 'aborted', elapsedMs: 0 }
}

/** A detector, and one of the nodes that it judges: of `total` of which `others` are ejected already. */
function detectorWith (given: Partial<EjectionRules> | false = {}, { random = evenly, peers = { total: 4, ejected: 0 } }: { random?: Random, peers?: { total: number, ejected: number } } = {}): DetectorFixture {
  const ejected: string[] = []
  const desk = { peers: () => peers, eject: (node: Node, until: number) => ejected.push(`${node.info.id} ${until}`) }
  const detector = new OutlierDetector(() => given === false ? false : { ...defaults, ...given }, desk, random)
  const node = nodeWith({})
  const play = (letters: string, at: number = 1000): void => {
    for (const letter of letters) detector.settled({ node, number: 1, startedAt: at, latencyMs: null }, outcomes[letter] ?? { kind: 'aborted', elapsedMs: 0 })
  }
  return { detector, node, ejected, play }
}

test('how many may be ejected at once — by the count of nodes, never the last one', async t => {
  const rows: ReadonlyArray<readonly [maxRatio: number, counts: ReadonlyArray<readonly [total: number, most: number]>]> = [
    [0.5, [[0, 0], [1, 0], [2, 1], [3, 1], [5, 2], [9, 4], [10, 5], [20, 10]]],
    [0.1, [[1, 0], [9, 0], [10, 1], [20, 2]]],
    [1, [[0, 0], [1, 0], [2, 1], [5, 4]]],
    [0, [[1, 0], [10, 0]]]
  ]
  for (const [maxRatio, counts] of rows) {
    for (const [total, most] of counts) t.equal(mayBeEjected(total, maxRatio), most, `${maxRatio} of ${total}`)
  }
})

test('the k-th ejection lasts twice as long as the one before, up to the limit — 1, 2, 4, 8, 16, 32, 60, 60 s', async t => {
  t.same([1, 2, 3, 4, 5, 6, 7, 8].map(k => ejectionMs(k, defaults, 0.5)), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

test('an ejection is half as long, or one and a half times, as chance has it', async t => {
  t.equal(ejectionMs(1, defaults, 0), 500)
  t.ok(ejectionMs(1, defaults, 1 - Number.EPSILON) < 1500.001)
  t.equal(ejectionMs(20, defaults, 0), 30_000)
})

test('a node that nobody has asked has not been ejected', async t => {
  const { detector, node } = detectorWith()
  t.same(detector.of(node), { ejections: 0, ejectionsSuppressed: 0 })
  t.ok(Object.isFrozen(detector.of(node)))
})

test('failures in a row eject at their limit, not before — a success begins the count anew', async t => {
  const rows: ReadonlyArray<readonly [letters: string, ejections: number]> = [
    ['FFFF', 0], ['FFFFF', 1], ['FXFXF', 1], ['FFFFSFFFF', 0], ['FFFFSFFFFF', 1], ['FFFFAF', 1], ['FFFFA', 0]
  ]
  for (const [letters, ejections] of rows) {
    const { play, ejected } = detectorWith({ minRequests: 1000 })
    play(letters)
    t.equal(ejected.length, ejections, letters)
  }
})

test('three failures in a row — the third opens', async t => {
  const { play, ejected } = detectorWith({ consecutive: 3, minRequests: 1000 })
  play('FFSFF')
  t.same(ejected, [])
  play('F')
  t.same(ejected, ['a 2000'])
})

test('failures in a row that were all of the connect phase — have a limit of their own', async t => {
  const rows: ReadonlyArray<readonly [letters: string, ejections: number]> = [
    ['CC', 0], ['CCC', 1], ['CCSC', 0], ['CCSCCC', 1], ['XCC', 0], ['CXC', 0], ['XCCC', 0], ['XCCCC', 1]
  ]
  for (const [letters, ejections] of rows) {
    const { play, ejected } = detectorWith({ minRequests: 1000 })
    play(letters)
    t.equal(ejected.length, ejections, letters)
  }
})

test('a limit of connect failures above the other one does not matter', async t => {
  const { play, ejected } = detectorWith({ connect: 9, minRequests: 1000 })
  play('CCCCC')
  t.equal(ejected.length, 1)
})

test('failures in a row count only as long as the window', async t => {
  const { play, ejected } = detectorWith({ consecutive: 2, minRequests: 1000 })
  play('F', 1000)
  play('F', 11_001)
  t.same(ejected, [], 'the one before is older than the window')
  play('F', 21_001)
  t.equal(ejected.length, 1, 'as old as the window')
})

test('silence of an hour leaves no failures behind', async t => {
  const { play, ejected } = detectorWith()
  play('FFFF', 1000)
  play('FFFF', 3_601_000)
  t.same(ejected, [])
})

test('a share of successes below the ratio ejects — once there were enough requests', async t => {
  const rows: ReadonlyArray<readonly [letters: string, ejections: number]> = [
    ['SSSSSSFFF', 0], ['SSSSSSSFFF', 1], ['FSSSSSSSSF', 0], ['SSFSSFSSFF', 1], ['FFFFSSSSSSSSSSSSSSSSF', 1], ['FFFFSSSSSSSSSSSSSSSSSF', 1], ['SSSSSSSSSSSSSSSSFFFF', 0]
  ]
  for (const [letters, ejections] of rows) {
    const { play, ejected } = detectorWith()
    play(letters)
    t.equal(ejected.length, ejections, letters)
  }
})

test('a share of successes that is exactly the ratio does not eject — one less does', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1000, connect: 1000 })
  play('FFSSSSSSSS')
  t.same(ejected, [])
  play('F')
  t.equal(ejected.length, 1)
})

test('fewer requests than are wanted for the ratio say nothing', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1000, connect: 1000 })
  play('FFFFFFFFF')
  t.same(ejected, [])
  play('F')
  t.equal(ejected.length, 1)
})

test('what is older than the window does not count for the ratio', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1000, connect: 1000 })
  play('FFFFFFFFF', 1000)
  play('F', 12_000)
  t.same(ejected, [])
})

test('a 429 counts for the ratio, and not as a failure in a row', async t => {
  const inARow = detectorWith({ minRequests: 1000 })
  inARow.play('LLLLLLLLLLLLLLLLLLLL')
  t.same(inARow.ejected, [])
  const ratio = detectorWith()
  ratio.play('LLLLLLLLL')
  t.same(ratio.ejected, [])
  ratio.play('L')
  t.equal(ratio.ejected.length, 1)
})

test('a 429 between failures does not begin the count anew', async t => {
  const { play, ejected } = detectorWith({ minRequests: 1000 })
  play('FFFFLF')
  t.equal(ejected.length, 1)
})

test("a client's abort says nothing of the node", async t => {
  const { detector, node, play, ejected } = detectorWith({ minRequests: 1 })
  play('A'.repeat(100))
  t.same(ejected, [])
  t.same(detector.of(node), { ejections: 0, ejectionsSuppressed: 0 })
})

test('a success does not eject — though the ratio is that of an outlier', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1000, connect: 1000, minRequests: 10 })
  play('FFFFFFFFFS')
  t.same(ejected, [])
})

test('the time of an ejection runs from the end of the attempt that brought it', async t => {
  const { detector, node, ejected } = detectorWith({ consecutive: 1 })
  detector.settled({ node, number: 1, startedAt: 1000, latencyMs: null }, { kind: 'response', statusCode: 500, latencyMs: 50 })
  t.same(ejected, ['a 2050'])
  const other = detectorWith({ consecutive: 1 })
  other.detector.settled({ node, number: 1, startedAt: 1000, latencyMs: null }, { kind: 'error', error: new Error('timeout'), sent: true, elapsedMs: 700 })
  t.same(other.ejected, ['a 2700'])
})

test('what began before the node returned has been judged with it', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1 })
  play('F', 1000)
  play('FFFFF', 1999)
  t.same(ejected, ['a 2000'])
  play('F', 2000)
  t.same(ejected, ['a 2000', 'a 4000'])
})

test('each ejection lasts twice as long as the one before — while the node stays bad', async t => {
  const { detector, node, play, ejected } = detectorWith({ consecutive: 1 })
  for (const at of [0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000]) play('F', at)
  t.same(ejected, [1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000].map(until => `a ${until}`))
  t.same(detector.of(node), { ejections: 8, ejectionsSuppressed: 0 })
})

test('a clean minute takes one off the count that the length depends on — not a minute less a millisecond', async t => {
  const lengthAfter = (cleanMs: number): string | undefined => {
    const { play, ejected } = detectorWith({ consecutive: 1 })
    play('F', 0)
    play('F', 1000)
    play('F', 3000 + cleanMs)
    return ejected.at(-1)
  }
  t.equal(lengthAfter(59_999), `a ${62_999 + 4000}`)
  t.equal(lengthAfter(60_000), `a ${63_000 + 2000}`)
  t.equal(lengthAfter(120_000), `a ${123_000 + 1000}`)
  t.equal(lengthAfter(3_600_000), `a ${3_603_000 + 1000}`, 'never shorter than the first')
})

test('after its return a node is judged anew — by what comes then', async t => {
  const { play, ejected } = detectorWith({ minRequests: 20 })
  play('FFFFF', 1000)
  t.same(ejected, ['a 2000'])
  play('FFFF', 2000)
  t.equal(ejected.length, 1)
  play('F', 2000)
  t.equal(ejected.length, 2)
})

test('after its return three connect failures in a row eject it — whatever it was ejected for before', async t => {
  const { play, ejected } = detectorWith({ minRequests: 1000 })
  play('FFFFF', 1000)
  play('CCC', 2500)
  t.equal(ejected.length, 2)
})

test('an ejection leaves no failures in the window', async t => {
  const { play, ejected } = detectorWith({ consecutive: 1000, connect: 1000 })
  play('FFFFFFFFFF', 1000)
  play('FFFFFFFFF', 2000)
  t.equal(ejected.length, 1)
  play('F', 2000)
  t.equal(ejected.length, 2)
})

test('nobody more is ejected than may be at once — it is counted instead', async t => {
  const rows: ReadonlyArray<readonly [total: number, ejected: number, isEjected: boolean]> = [
    [1, 0, false], [2, 0, true], [2, 1, false], [3, 0, true], [3, 1, false], [4, 1, true], [4, 2, false], [0, 0, false]
  ]
  for (const [total, ejected, isEjected] of rows) {
    const fixture = detectorWith({ consecutive: 1 }, { peers: { total, ejected } })
    fixture.play('F')
    t.same(fixture.detector.of(fixture.node), { ejections: Number(isEjected), ejectionsSuppressed: Number(!isEjected) }, `${ejected} of ${total}`)
    t.equal(fixture.ejected.length, Number(isEjected), `${ejected} of ${total}`)
  }
})

test('with a ratio of 0 nobody is ejected, with 1 all but one may be', async t => {
  const never = detectorWith({ consecutive: 1, maxRatio: 0 }, { peers: { total: 100, ejected: 0 } })
  never.play('F')
  t.same(never.ejected, [])
  const always = detectorWith({ consecutive: 1, maxRatio: 1 }, { peers: { total: 3, ejected: 1 } })
  always.play('F')
  t.equal(always.ejected.length, 1)
  const last = detectorWith({ consecutive: 1, maxRatio: 1 }, { peers: { total: 3, ejected: 2 } })
  last.play('F')
  t.same(last.ejected, [])
})

test('a suppressed ejection is asked for again after the time of the first ejection — not before', async t => {
  let asked = 0
  const ejected: number[] = []
  const desk = { peers: () => ({ total: ++asked > 2 ? 4 : 1, ejected: 0 }), eject: (_node: Node, until: number) => ejected.push(until) }
  const detector = new OutlierDetector(() => ({ ...defaults, consecutive: 1 }), desk, evenly)
  const node = nodeWith({})
  const failAt = (startedAt: number): void => detector.settled({ node, number: 1, startedAt, latencyMs: null }, { kind: 'response', statusCode: 500, latencyMs: 0 })
  failAt(1000)
  failAt(1500)
  failAt(1999)
  t.equal(asked, 1)
  failAt(2000)
  t.equal(asked, 2)
  t.same(detector.of(node), { ejections: 0, ejectionsSuppressed: 2 })
  failAt(3000)
  t.same(ejected, [4000], 'the first, though it was asked for often')
})

test('nodes of a service without ejection are never ejected', async t => {
  const { detector, node, play, ejected } = detectorWith(false)
  play('F'.repeat(100))
  t.same(ejected, [])
  t.same(detector.of(node), { ejections: 0, ejectionsSuppressed: 0 })
})

test('a new process of the same node begins without a past', async t => {
  const { detector, play, ejected } = detectorWith()
  play('FFFF')
  detector.settled({ node: nodeWith({}), number: 1, startedAt: 1000, latencyMs: null }, { kind: 'response', statusCode: 500, latencyMs: 0 })
  t.same(ejected, [])
})

test('a node that has stopped to answer is ejected at once — not while it is ejected', async t => {
  const { detector, node, ejected } = detectorWith()
  detector.stalled(node, 1000)
  detector.stalled(node, 1999)
  t.same(ejected, ['a 2000'])
  detector.stalled(node, 2000)
  t.same(ejected, ['a 2000', 'a 4000'], 'for longer the second time')
})

test('a node that has stopped to answer is not ejected — when too many are, or where nobody is', async t => {
  const last = detectorWith({}, { peers: { total: 1, ejected: 0 } })
  last.detector.stalled(last.node, 1000)
  t.same([last.ejected, last.detector.of(last.node)], [[], { ejections: 0, ejectionsSuppressed: 1 }])
  const off = detectorWith(false)
  off.detector.stalled(off.node, 1000)
  t.same(off.ejected, [])
})
