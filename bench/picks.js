import { median, quantile } from './median.js'

const sizes = [3, 64, 1000, 10000]

/** Part 2: the time of a pick of every strategy, each in a process of its own. Gives `{ strategy, nodes, pickNs, quartiles, cycleNs }`. */
export async function measurePicks ({ processes, rounds, scale, log }) {
  const results = []
  for (const strategy of await strategyNames(processes)) {
    log(`picks: ${strategy}`)
    results.push(...await measureStrategy({ processes, strategy, rounds, ms: Math.max(20, 200 * scale) }))
  }
  return results
}

async function strategyNames (processes) {
  const child = await processes.start('strategy-picks.js', [], 0)
  const names = await child.call('names')
  await processes.end(child)
  return names
}

async function measureStrategy ({ processes, strategy, rounds, ms }) {
  const child = await processes.start('strategy-picks.js', [strategy], 0)
  for (const nodes of sizes) await child.call('prepare', { strategy, nodes })
  for (const nodes of sizes) await child.call('round', { nodes, ms: 2 * ms })
  const found = sizes.map(nodes => ({ nodes, picks: [], cycles: [] }))
  for (let round = 0; round < rounds * 2; round++) {
    for (const { nodes, picks, cycles } of found) {
      const { pickNs, cycleNs } = await child.call('round', { nodes, ms })
      picks.push(pickNs)
      cycles.push(cycleNs)
    }
  }
  await processes.end(child)
  return found.map(({ nodes, picks, cycles }) =>
    ({ strategy, nodes, pickNs: median(picks), quartiles: [quantile(picks, 0.25), quantile(picks, 0.75)], cycleNs: median(cycles) }))
}
