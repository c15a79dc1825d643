import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { ChaosGroup } from './chaos-group.js'
import type { ChaosShot } from './chaos-load.js'

/** Tells what became of a request: from the client's side, from the gateway's log, and from what the workers have written down. Times in ms since the group's first trouble. */
export function storyOf ({ id, startedAt, endedAt, status, problem }: ChaosShot, group: ChaosGroup): string {
  const zero = Math.min(...group.troubles.map(({ since }) => since))
  const at = (instant: number): number => Math.round(instant - zero)
  const lines = group.gateway.output.filter(line => line.includes(`"reqId":"${id}"`)).map(line => {
    const { time, level: _level, pid: _pid, hostname: _hostname, reqId: _reqId, ...said } = JSON.parse(line)
    return `  ${at(time - performance.timeOrigin)} ${JSON.stringify(said)}`
  })
  const wrong = group.troubles.filter(({ since, until }) => since <= endedAt + 1000 && until >= startedAt - 1000)
    .map(({ worker, kind, since, until }) => `  ${worker === null ? 'the gateway' : `worker ${worker} (${group.ids[worker]})`}: ${kind} from ${at(since)} to ${at(until)}`)
  return [
    `${id}: ${status} ${problem}, from ${at(startedAt)} to ${at(endedAt)}, executed by ${group.executed().get(id)?.join() ?? 'nobody'}`,
    ...lines,
    ...wrong
  ].join('\n')
}

/** How many requests ended how. */
export function countsOf (shots: readonly ChaosShot[]): string {
  const counts = new Map<string, number>()
  for (const { method, status, problem } of shots) {
    const end = `${method} ${problem === 'broken off' ? problem : status ?? problem}`
    counts.set(end, (counts.get(end) ?? 0) + 1)
  }
  return [...counts].sort().map(([end, count]) => `${end} × ${count}`).join(', ')
}

/** Writes down what all processes have written; gives the folder. */
export function keepLogs ({ programs }: ChaosGroup, seed: number): string {
  const folder = mkdtempSync(join(tmpdir(), `fastify-balance-chaos-${seed}-`))
  for (const { name, pid, output, errors } of programs) writeFileSync(join(folder, `${name} ${pid}`), [...output, ...errors].join('\n'))
  return folder
}
