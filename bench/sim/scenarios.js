const base = {
  /** How many nodes there are from the start. */
  nodes: 8,
  /** How many gateways, each with what it has seen itself. */
  gateways: [4, 16],
  /** Share of the capacity of all nodes that work. */
  load: 0.8,
  /** How many times longer than others a node takes for a request that it begins then. */
  slowdown: () => 1,
  fails: () => false,
  /** Whose share is shown, in words and as a condition; null: nobody's. */
  share: null,
  isMarked: () => false,
  /** When one node more joins; null: never. */
  joinsAt: null,
  /** Whether heartbeats are lost then. */
  isSilent: () => false,
  /** How long a round lasts, ms; null: there is one round, and it lasts for as long as the requests do. */
  lastsMs: null,
  /** What is measured of a round, as ms; null: all but its first twentieth. */
  measured: null
}

const oneSlow = { slowdown: node => node === 0 ? 4 : 1, share: 'share of the slow node', isMarked: node => node === 0 }

const movesAt = 40_000
const moves = {
  slowdown: (node, at) => node === slowNode(at) ? 4 : 1,
  share: 'share of the slow node',
  isMarked: (node, at) => node === slowNode(at),
  gateways: [1, 4, 16],
  lastsMs: 85_000,
  measured: { from: 10_000, to: 85_000 }
}

function slowNode (at) {
  return at < movesAt ? 0 : 1
}

const given = {
  equal: { title: 'Equal nodes' },
  slow: { title: 'One node 4× slower', ...oneSlow },
  'two-slow': { title: 'Two nodes 2× slower', slowdown: node => node < 2 ? 2 : 1, share: 'share of the slow nodes', isMarked: node => node < 2 },
  full: { title: 'Load 0.95', load: 0.95 },
  'full-slow': { title: 'Load 0.95, one node 4× slower', load: 0.95, ...oneSlow },
  failing: { title: 'One node answers 500 within 1 ms', fails: node => node === 0, share: 'share of the failing node', isMarked: node => node === 0 },
  joining: {
    title: 'A ninth node joins, 10× slower for its first 3 s (measured: the 5 s after it joined)',
    slowdown: (node, at) => node === 8 && at < 13_000 ? 10 : 1,
    share: 'share of the new node',
    isMarked: node => node === 8,
    joinsAt: 10_000,
    gateways: [4, 8, 16],
    lastsMs: 16_000,
    measured: { from: 10_000, to: 15_000 }
  },
  moving: { ...moves, title: 'A node 4× slower, after 40 s another one instead (measured: from 10 s to 85 s)' },
  frozen: { ...moves, title: 'The same, all heartbeats lost from 10 s to 70 s', isSilent: at => at >= 10_000 && at < 70_000 },
  many: { title: '1,000 equal nodes', nodes: 1000, gateways: [1, 4, 16] },
  'many-slow': {
    title: '1,000 nodes, every tenth 4× slower',
    nodes: 1000,
    slowdown: node => node % 10 === 0 ? 4 : 1,
    share: 'share of the slow nodes',
    isMarked: node => node % 10 === 0
  }
}

/** What is simulated, by the name that `--only` takes. Nodes are numbers from 0; instants are ms since the traffic began. */
export const scenarios = Object.fromEntries(Object.entries(given).map(([name, scenario]) => [name, Object.freeze({ ...base, ...scenario })]))
