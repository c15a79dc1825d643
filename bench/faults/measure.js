import { verdicts } from './bounds.js'
import { evaluate } from './evaluate.js'
import { isAvailable, proxies } from './proxies/index.js'
import { run } from './run.js'

/**
 * One fault on one proxy after the other. Gives what `reportFault()` takes; `calm` are the figures of this gateway without a fault, where
 * they are known.
 */
export async function measureFault ({ processes, fault, names, seconds, calm, log }) {
  const rows = []
  const skipped = []
  for (const proxy of names.filter(name => proxies[name].only?.includes(fault) ?? true)) {
    log(`${fault}: ${proxy}`)
    const happened = isAvailable(proxy) ? await run({ processes, proxy, fault, seconds }) : { refused: 'not installed' }
    if (happened.refused === undefined) rows.push({ proxy, happened, figures: evaluate({ fault, ...happened }) })
    else skipped.push(`${proxies[proxy].title}: skipped: ${happened.refused}`)
  }
  log('')
  const { ours: own, 'ours-hedge': hedged, ...rest } = Object.fromEntries(rows.map(({ proxy, figures }) => [proxy, figures]))
  return { fault, rows, skipped, own, verdicts: own === undefined ? [] : verdicts(fault, { own, hedged, calm, others: Object.values(rest) }) }
}
