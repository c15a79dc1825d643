import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { explain, processesOfRun, showProgress } from '../command.js'
import { faults } from './faults.js'
import { measureFault } from './measure.js'
import { proxies } from './proxies/index.js'
import { heading, reportFault } from './report.js'

const choices = ['ours', 'nginx', 'haproxy']
const usage = `node bench/faults/index.js [options]      (after npm run build)
  --only a,b           only these faults: ${Object.keys(faults).join(', ')}
  --proxies a,b        only these: ${choices.join(', ')}
  --seconds N          how long the load lasts, 12 by default; the faults come at a quarter of it
Ends with 1 when a bound of this gateway does not hold.`

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(faults).join(',') },
    proxies: { type: 'string', default: choices.join(',') },
    seconds: { type: 'string', default: '12' },
    help: { type: 'boolean', default: false }
  }
})
const chosen = { faults: options.only.split(','), proxies: options.proxies.split(',') }
const seconds = Number(options.seconds)
const wrong = chosen.faults.find(name => faults[name] === undefined) ?? chosen.proxies.find(name => !choices.includes(name)) ??
  (seconds > 0 && seconds <= 120 ? undefined : options.seconds)

explain(usage, options.help, wrong)
const processes = processesOfRun()
const names = Object.keys(proxies).filter(name => chosen.proxies.includes(name.replace('-hedge', '')))

try {
  const texts = [heading({ seconds })]
  console.log(texts[0])
  let calm
  for (const fault of chosen.faults) {
    const measured = await measureFault({ processes, fault, names, seconds, calm, log: showProgress })
    if (fault === 'none') calm = measured.own
    if (measured.verdicts.some(({ holds }) => holds === false)) process.exitCode = 1
    texts.push(reportFault(measured))
    console.log(`\n${texts.at(-1)}`)
  }
  // Only a complete run is worth keeping.
  const isComplete = seconds === 12 && chosen.faults.length === Object.keys(faults).length && chosen.proxies.length === choices.length
  if (isComplete) writeFileSync(new URL('results.md', import.meta.url), texts.join('\n\n') + '\n')
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await processes.endAll()
}
