/** The numbers of all rounds of a scenario under one strategy, taken together; of a joining node the worst of any round. */
export function summary (records) {
  const latencies = Float64Array.from(records.flatMap(record => record.latencies)).sort()
  const requests = sum(records, record => record.requests)
  return {
    requests,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p999: quantile(latencies, 0.999),
    share: sum(records, record => record.toMarked) / requests,
    errors: sum(records, record => record.errors) / requests,
    joiner: {
      firstSecondShare: sum(records, ({ joiner }) => joiner.firstSecond) / sum(records, ({ joiner }) => joiner.ofAll),
      early: Math.min(...records.map(({ joiner }) => joiner.early)),
      mostQueued: Math.max(...records.map(({ joiner }) => joiner.mostQueued))
    }
  }
}

/** The value below which a share of sorted values lies. */
function quantile (sorted, share) {
  return sorted[Math.ceil(sorted.length * share) - 1]
}

function sum (records, of) {
  return records.reduce((total, record) => total + of(record), 0)
}
