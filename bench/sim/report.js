import { table } from '../report.js'
import { scenarios } from './scenarios.js'

/** The table of one scenario: a row for each number of gateways and strategy. */
export function report (name, strategies, measurements) {
  const { title, gateways, share, joinsAt } = scenarios[name]
  const columns = [...common, ...(share === null ? [] : [{ head: share, text: found => percent(found.share) }]), ...(joinsAt === null ? [] : joining)]
  const rows = gateways.flatMap(count => strategies.map(strategy => {
    const found = measurements.of(name, count, strategy)
    return [strategy, count, ...columns.map(({ text }) => text(found))]
  }))
  return `## ${title}\n\n${table(['strategy', 'gateways', ...columns.map(column => column.head)], rows)}`
}

/** Longer latencies are not told apart: they belong to nodes that get more than they can serve, and grow with the length of the run. */
const mostMs = 60_000

const common = [
  { head: 'p50 ms', text: ({ p50 }) => ms(p50) },
  { head: 'p99 ms', text: ({ p99 }) => ms(p99) },
  { head: 'p99.9 ms', text: ({ p999 }) => ms(p999) },
  { head: 'errors', text: ({ errors }) => percent(errors) }
]

const joining = [
  { head: 'in its 1st second', text: ({ joiner }) => percent(joiner.firstSecondShare) },
  { head: 'least in its first 2 s', text: ({ joiner }) => joiner.early },
  { head: 'longest queue', text: ({ joiner }) => joiner.mostQueued }
]

function ms (value) {
  return value > mostMs ? `> ${mostMs.toLocaleString('en')}` : Math.round(value).toLocaleString('en')
}

function percent (ratio) {
  return `${(100 * ratio).toFixed(2)} %`
}
