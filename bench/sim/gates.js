/**
 * What must hold with the shipped defaults. Each is checked on what `measurements` give: `found` says what was measured, `holds` whether it
 * is enough. `scenarios`: what it needs. G6 to G8 are about processes, and are checked where processes are.
 */
export const gates = [
  {
    name: 'G1',
    claim: 'equal nodes, 4 gateways: p99 at most 1.1 × that of least-connections and at most 0.7 × that of weighted-round-robin',
    scenarios: ['equal'],
    check (measurements) {
      const [adaptive, least, turns] = ['adaptive', 'least-connections', 'weighted-round-robin'].map(strategy => measurements.of('equal', 4, strategy).p99)
      const found = `${ms(adaptive)} to ${ms(least)}: ${(adaptive / least).toFixed(2)}; to ${ms(turns)}: ${(adaptive / turns).toFixed(2)}`
      return { found, holds: adaptive <= 1.1 * least && adaptive <= 0.7 * turns }
    }
  },
  {
    name: 'G2',
    claim: 'one node 4× slower, 4 gateways: p99 at most 0.6 × that of least-connections; the slow node gets at most 3 % of the requests',
    scenarios: ['slow'],
    check (measurements) {
      const adaptive = measurements.of('slow', 4, 'adaptive')
      const least = measurements.of('slow', 4, 'least-connections')
      const found = `${ms(adaptive.p99)} to ${ms(least.p99)}: ${(adaptive.p99 / least.p99).toFixed(2)}; share ${percent(adaptive.share)}`
      return { found, holds: adaptive.p99 <= 0.6 * least.p99 && adaptive.share <= 0.03 }
    }
  },
  {
    name: 'G3',
    claim: 'one node fails within 1 ms, 4 gateways, no failover: at most 0.1 % of the requests fail',
    scenarios: ['failing'],
    check (measurements) {
      const { errors } = measurements.of('failing', 4, 'adaptive')
      return { found: percent(errors), holds: errors <= 0.001 }
    }
  },
  {
    name: 'G4',
    claim: 'a cold node joins, 8 gateways: its queue is never longer than 16, and it gets requests in its first 2 s, in every round',
    scenarios: ['joining'],
    check (measurements) {
      const { mostQueued, early } = measurements.of('joining', 8, 'adaptive').joiner
      return { found: `queue at most ${mostQueued}, at least ${early} requests`, holds: mostQueued <= 16 && early > 0 }
    }
  },
  {
    name: 'G5',
    claim: 'all heartbeats lost for 60 s, 4 gateways: p99 within 10 % of that of the same traffic with heartbeats, and no request fails',
    scenarios: ['moving', 'frozen'],
    check (measurements) {
      const { p99, errors } = measurements.of('frozen', 4, 'adaptive')
      const usual = measurements.of('moving', 4, 'adaptive').p99
      return { found: `${ms(p99)} to ${ms(usual)}: ${(p99 / usual).toFixed(2)}; failed ${percent(errors)}`, holds: Math.abs(p99 / usual - 1) <= 0.1 && errors === 0 }
    }
  },
  {
    name: 'G9',
    claim: 'load 0.95, 16 gateways, all nodes say that they are busy: p99 at most 1.3 × that of least-connections',
    scenarios: ['full'],
    check: measurements => compare(measurements, 'full', 'least-connections', 1.3)
  },
  {
    name: 'G10',
    claim: '1,000 nodes, 16 gateways: p99 at most 0.7 × that of random',
    scenarios: ['many'],
    check: measurements => compare(measurements, 'many', 'random', 0.7)
  }
]

/** The p99 of adaptive of 16 gateways beside that of another strategy. */
function compare (measurements, scenario, strategy, most) {
  const [adaptive, other] = ['adaptive', strategy].map(name => measurements.of(scenario, 16, name).p99)
  return { found: `${ms(adaptive)} to ${ms(other)}: ${(adaptive / other).toFixed(2)}`, holds: adaptive <= most * other }
}

function ms (value) {
  return `${value.toFixed(0)} ms`
}

function percent (ratio) {
  return `${(100 * ratio).toFixed(2)} %`
}
