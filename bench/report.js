import { cpus } from 'node:os'
import { gateways } from './gateways/index.js'
import { median, quantile } from './median.js'
import { canPin } from './processes.js'
import { workloads } from './workloads.js'

const limits = [
  { name: 'balance-4', yardstick: 'from', most: 1.05 },
  { name: 'balance-1000', yardstick: 'from', most: 1.10 },
  { name: 'balance-1000', yardstick: 'from-1000', most: 1.10 }
]

/** A Markdown table whose columns are aligned, so that it reads well as plain text; all columns but the first are numbers. */
export function table (head, rows) {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map(row => String(row[column]).length)))
  const line = cells => `| ${cells.map((cell, column) => column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column])).join(' | ')} |`
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column === 0 ? '-' : ':')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** What every report begins with: when, on what, how. */
export function heading () {
  return [
    '# fastify-balance: benchmark',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}). ` +
    (canPin ? 'The gateway has one core of its own; load generator and upstreams share another.' : 'Processes are not pinned to cores: there is no `taskset`.') +
    ' Made by `npm run bench`. Judge by the ratios: they are taken between rounds that ran side by side.'
  ].join('\n\n')
}

/** The tables of part 1, one per workload, and whether the limits hold for each. */
export function reportGateways ({ rounds, remarks }) {
  const parts = [
    '## Gateway CPU time per request',
    'Closed loop of 32 keep-alive connections. CPU: user and system time of the gateway process. Ratio: the median of the ratios to `reply.from()` of the same turn, and their quartiles.'
  ]
  for (const [workload, { title }] of Object.entries(workloads)) {
    const found = rounds.filter(round => round.workload === workload)
    if (found.length > 0) parts.push(`### ${title}`, gatewayTable(found), ...acceptance(found))
  }
  return [...parts, ...remarks.map(remark => `Remark: ${remark}.`)].join('\n\n')
}

function gatewayTable (rounds) {
  const names = Object.keys(gateways).filter(name => rounds.some(({ gateway }) => gateway === name))
  return table(['gateway', 'CPU µs/request', 'ratio', 'quartiles', 'requests/s', 'ratio of requests/s'], names.map(name => {
    const own = rounds.filter(({ gateway }) => gateway === name)
    const ratios = ratiosOf(rounds, { name, yardstick: 'from', key: 'cpuUs' })
    return [
      gateways[name].title,
      median(own.map(({ cpuUs }) => cpuUs)).toFixed(1),
      middle(ratios),
      ratios.length === 0 ? '–' : `${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}`,
      Math.round(median(own.map(({ perSecond }) => perSecond))).toLocaleString('en'),
      middle(ratiosOf(rounds, { name, yardstick: 'from', key: 'perSecond' }))
    ]
  }))
}

/** How a gateway compares with another in every turn that both took part in. */
function ratiosOf (rounds, { name, yardstick, key }) {
  const measures = new Map(rounds.filter(({ gateway }) => gateway === yardstick).map(round => [round.turn, round[key]]))
  return rounds.filter(({ gateway, turn }) => gateway === name && measures.has(turn)).map(round => round[key] / measures.get(round.turn))
}

function middle (ratios) {
  return ratios.length === 0 ? '–' : median(ratios).toFixed(2)
}

function acceptance (rounds) {
  return limits.flatMap(({ name, yardstick, most }) => {
    const ratios = ratiosOf(rounds, { name, yardstick, key: 'cpuUs' })
    if (ratios.length === 0) return []
    return [verdict(`${gateways[name].title}: at most ${most.toFixed(2)} × the CPU time of ${gateways[yardstick].title}`, median(ratios).toFixed(3), median(ratios) <= most)]
  })
}

function verdict (claim, found, holds) {
  return `Acceptance: ${claim}: ${found}, **${holds ? 'holds' : 'does not hold'}**.`
}

/** The table of part 2's picks, and whether the limits hold for the default strategy. */
export function reportPicks (picks) {
  const limitsNs = { 64: 1000, 10000: 2000 }
  const lines = picks.filter(({ nodes }) => limitsNs[nodes] !== undefined).map(({ strategy, nodes, pickNs }) =>
    verdict(`${strategy}, ${nodes.toLocaleString('en')} nodes: a pick below ${limitsNs[nodes] / 1000} µs`, `${(pickNs / 1000).toFixed(3)} µs`, pickNs < limitsNs[nodes]))
  return [
    '## Picks',
    'With 32 attempts in flight, time going on. Cycle: pick, `started`, and `responded` and `settled` of the oldest attempt.',
    table(['strategy', 'nodes', 'pick ns', 'quartiles', 'cycle ns'], picks.map(({ strategy, nodes, pickNs, quartiles, cycleNs }) =>
      [strategy, nodes.toLocaleString('en'), Math.round(pickNs), quartiles.map(Math.round).join('–'), Math.round(cycleNs)])),
    ...lines
  ].join('\n\n')
}

/** The table of part 2's heartbeats. */
export function reportHeartbeats (beats) {
  return [
    '## Heartbeats',
    `One gateway process, 32 keep-alive connections, ${beats[0].nodes.toLocaleString('en')} registered nodes in turn.`,
    table(['heartbeats', 'accepted/s', 'CPU µs/heartbeat', 'refused'], beats.map(({ title, perSecond, cpuUs, refused }) =>
      [title, Math.round(perSecond).toLocaleString('en'), cpuUs.toFixed(1), refused]))
  ].join('\n\n')
}
