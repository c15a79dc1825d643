import { cpus } from 'node:os'
import { execFileSync } from 'node:child_process'
import { installed } from '../gateways/external.js'
import { table } from '../report.js'
import { faults } from './faults.js'
import { proxies } from './proxies/index.js'

const columns = ['proxy', 'failed GETs', 'failed POSTs', 'twice', 'p50', 'p99', 'p99.9', 'max', 'its share', 'bounds']
const slowMs = 500

/** What every report begins with: when, on what, how. */
export function heading ({ seconds }) {
  const lines = [
    '# fastify-balance: fault bench',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${versions()}, ${cpus().length} cores (${cpus()[0]?.model.trim()}). Made by ` +
    `\`npm run bench:faults\`. Four workers with exponential service times of mean 30 ms; 800 requests a second for ${seconds} s, a fifth of them POST ` +
    `with 1 KiB; the fault comes after ${seconds / 4} s. Times in ms from when a request was due, failed ones included. A request takes the same service ` +
    'time on every proxy. In flight: POSTs that were sent before a killed worker was gone, and that no other has seen. Twice: POSTs that were executed ' +
    'twice. Its share: what the nodes with the fault have answered of the requests after it. ' +
    'Bounds: whether those of this gateway hold.'
  ]
  if (seconds !== 12) lines.push('A smoke test (`--seconds`): the bounds are for 12 s.')
  return lines.join('\n\n')
}

function versions () {
  const found = [['nginx', ['-V']], ['haproxy', ['-v']]].filter(([program]) => installed(program) !== undefined)
  return found.map(([program, args]) => versionOf(program, args)).join(', ')
}

// NGINX writes its version to stderr.
function versionOf (program, args) {
  const text = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', installed(program), ...args], { encoding: 'utf8' })
  return `${proxies[program].title} ${/\d+\.\d+\.\d+/.exec(text)?.[0] ?? ''}`
}

/** The table of a fault, a line for each proxy, then what is to be said about it. `rows`: `{ proxy, figures, happened }`. */
export function reportFault ({ fault, rows, verdicts, skipped }) {
  const lines = rows.map(({ proxy, figures }) => [
    proxies[proxy].title,
    figures.failedGets,
    posts(figures),
    figures.twice,
    ...[figures.p50, figures.p99, figures.p999, figures.max].map(value => value.toFixed(0)),
    [0, 4].includes(faults[fault].nodes) ? '–' : `${(figures.shareRatio * 100).toFixed(1)} %`,
    proxy === 'ours' ? overall(verdicts) : '–'
  ])
  return [
    `## ${faults[fault].title}`,
    table(columns, lines),
    [
      ...verdicts.map(({ claim, found, holds }) => `- ${word(holds)}: ${claim}: ${found}`),
      ...[...skipped, ...rows.flatMap(remarksOf)].map(remark => `- ${remark}`)
    ].join('\n')
  ].filter(part => part !== '').join('\n\n')
}

function posts ({ failedPosts, inFlight, excused }) {
  return inFlight === 0 && excused === 0 ? failedPosts : `${failedPosts} (${excused} in flight)`
}

function overall (verdicts) {
  if (verdicts.some(({ holds }) => holds === false)) return 'NOT'
  return verdicts.some(({ holds }) => holds === null) ? 'open' : 'ok'
}

function word (holds) {
  if (holds === null) return 'open'
  return holds ? 'ok' : 'NOT'
}

function remarksOf ({ proxy, figures, happened }) {
  const { title } = proxies[proxy]
  const { statuses, inFlight, lateMs } = figures
  const failed = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`).join(', ')
  const { startAt, faultEndedAt, shots, deaths, changes } = happened
  const instant = at => `${((at - startAt) / 1000).toFixed(2)} s`
  const lastAt = Math.max(...shots.map(({ dueAt }) => dueAt))
  return [
    ...(failed === '' ? [] : [`${title}: ${failed}`]),
    ...(deaths.length === 0 ? [] : [`${title}: the killed had begun ${inFlight} POSTs and not ended them`]),
    ...slow({ title, shots, instant }),
    ...(faultEndedAt > lastAt ? [`${title}: the load was over before the fault: at ${instant(faultEndedAt)}`] : []),
    ...(lateMs > 10 ? [`${title}: one request in a hundred was sent ${lateMs.toFixed(0)} ms late or more: this machine is too busy`] : []),
    ...(changes.length === 0 ? [] : [`${title}: ${changes.map(({ at, id, from, to, reason }) => `${instant(at)} ${id} ${from} → ${to} (${reason})`).join('; ')}`])
  ]
}

/** The requests that took long: how many, of which kind, when they began and where they ended. */
function slow ({ title, shots, instant }) {
  const found = shots.filter(({ dueAt, endedAt }) => endedAt - dueAt > slowMs)
  if (found.length === 0) return []
  const gets = found.filter(({ id }) => id.startsWith('GET')).length
  const begun = found.map(({ dueAt }) => dueAt)
  const ended = found.map(({ endedAt }) => endedAt)
  const first = found.filter(({ worker }) => worker === 0).length
  return [`${title}: ${found.length} requests took over ${slowMs} ms (${gets} GETs, ${found.length - gets} POSTs), due from ${instant(Math.min(...begun))} to ` +
    `${instant(Math.max(...begun))}, ended from ${instant(Math.min(...ended))} to ${instant(Math.max(...ended))}; ${first} of them answered by the first node`]
}
