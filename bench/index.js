import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { explain, processesOfRun, showProgress } from './command.js'
import { gateways, isAvailable } from './gateways/index.js'
import { measureHeartbeats } from './heartbeats.js'
import { measurePicks } from './picks.js'
import { profileGateways } from './profile.js'
import { measureGateways } from './proxy.js'
import { heading, reportGateways, reportHeartbeats, reportPicks } from './report.js'

const usage = `node bench/index.js [options]      (after npm run build)
  --quick              a smoke test with few gateways; its numbers mean little
  --only <part>        proxy, picks or heartbeats; or profile: where the gateways' CPU time goes (with --gateways)
  --gateways a,b,c     only these of: ${Object.keys(gateways).join(', ')}
  --rounds N           rounds per workload and generation of processes`

const parts = {
  proxy: async settings => reportGateways(await measureGateways(settings)),
  picks: async settings => reportPicks(await measurePicks(settings)),
  heartbeats: async settings => reportHeartbeats(await measureHeartbeats(settings))
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    gateways: { type: 'string' },
    rounds: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
const known = { ...parts, profile: profileGateways }
const names = options.gateways?.split(',') ?? (options.quick ? ['from', 'balance-4', 'balance-100', 'nginx'] : Object.keys(gateways))
const wrong = names.find(name => gateways[name] === undefined) ?? (options.only === undefined || known[options.only] ? undefined : options.only)

explain(usage, options.help, wrong)
const processes = processesOfRun()
const size = options.quick ? { rounds: 2, generations: 1, scale: 0.1 } : { rounds: 3, generations: 10, scale: 1 }
if (options.rounds !== undefined) size.rounds = Number(options.rounds)
const settings = { processes, log: showProgress, ...size, names: names.filter(isAvailable) }

try {
  const texts = [heading(), ...(options.quick ? ['A smoke test (`--quick`): these numbers mean little, and neither does what holds.'] : [])]
  for (const name of options.only === undefined ? Object.keys(parts) : [options.only]) texts.push(await known[name](settings))
  showProgress('')
  console.log(texts.join('\n\n'))
  // Only a complete run is worth keeping.
  const isComplete = !options.quick && options.only === undefined && options.gateways === undefined
  if (isComplete) writeFileSync(new URL('results.md', import.meta.url), texts.join('\n\n') + '\n')
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await processes.endAll()
}
