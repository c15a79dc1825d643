const noGet = { claim: 'no GET fails', found: ({ own }) => own.failedGets, holds: ({ own }) => own.failedGets === 0 }
const inFlightPosts = {
  claim: 'no POST fails but those in flight to the killed',
  found: ({ own }) => `${own.failedPosts - own.excused} others`,
  holds: ({ own }) => own.failedPosts === own.excused
}

/**
 * What is asked of this gateway, by fault. Each is asked with the figures of that fault: `own`, those of the `others`,
 * those of the run with `hedge` (`hedged`), and its own without a fault (`calm`). What it `needs` and is not there leaves it open.
 */
export const bounds = {
  none: [{
    claim: 'p99 not above either of the others',
    needs: ['others'],
    found: ({ own, others }) => `${ms(own.p99)} against ${others.map(({ p99 }) => ms(p99)).join(' and ')}`,
    holds: ({ own, others }) => others.every(({ p99 }) => own.p99 <= p99)
  }],
  kill: [noGet, inFlightPosts],
  'kill-two': [noGet, inFlightPosts],
  freeze: [
    noGet,
    {
      claim: 'p99.9 at most half of that of each other',
      needs: ['others'],
      found: ({ own, others }) => `${ms(own.p999)} against ${others.map(({ p999 }) => ms(p999)).join(' and ')}`,
      holds: ({ own, others }) => others.every(({ p999 }) => own.p999 <= p999 / 2)
    },
    {
      claim: 'with `hedge` p99.9 below 500 ms',
      needs: ['hedged'],
      found: ({ hedged }) => ms(hedged.p999),
      holds: ({ hedged }) => hedged.p999 < 500
    }
  ],
  slow: [{
    claim: 'p99 at most 1.3 × its own without fault',
    needs: ['calm'],
    found: ({ own, calm }) => `${(own.p99 / calm.p99).toFixed(2)} ×`,
    holds: ({ own, calm }) => own.p99 <= 1.3 * calm.p99
  }],
  'half-500': [{ claim: 'at most 100 fail', found: ({ own }) => own.failedGets + own.failedPosts, holds: ({ own }) => own.failedGets + own.failedPosts <= 100 }],
  'all-503': [noGet, { claim: 'at most 30 POSTs fail', found: ({ own }) => own.failedPosts, holds: ({ own }) => own.failedPosts <= 30 }],
  flap: [noGet],
  rolling: [{ claim: 'nothing fails', found: ({ own }) => own.failedGets + own.failedPosts, holds: ({ own }) => own.failedGets + own.failedPosts === 0 }]
}

const twice = { claim: 'no POST is executed twice', found: ({ own }) => own.twice, holds: ({ own }) => own.twice === 0 }

/** Which bounds of a fault hold: `{ claim, found, holds }`, `holds` null for one that this run cannot tell. */
export function verdicts (fault, figures) {
  return [...bounds[fault], twice].map(({ claim, needs = [], found, holds }) => {
    const missing = needs.filter(name => figures[name] === undefined || figures[name].length === 0)
    if (missing.length > 0) return { claim, found: 'not measured', holds: null }
    return { claim, found: found(figures), holds: holds(figures) }
  })
}

function ms (value) {
  return `${value.toFixed(0)} ms`
}
