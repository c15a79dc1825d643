import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gates } from './gates.js'
import { library } from './library.js'
import { Measurements } from './measurements.js'
import { report } from './report.js'
import { scenarios } from './scenarios.js'

const usage = `node bench/sim/index.js [options]      (after npm run build)
  --only a,b,c     only these of: ${Object.keys(scenarios).join(', ')}
  --gates          only the gates, without the tables
  --seed N         where chance begins; default 1
  --requests N     how many requests each strategy gets in each scenario; default 200000`

const strategies = ['adaptive', 'least-connections', 'weighted-round-robin', 'random']
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    gates: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '200000' },
    help: { type: 'boolean', default: false }
  }
})
const names = options.only?.split(',') ?? Object.keys(scenarios)
const [seed, requests] = [Number(options.seed), Number(options.requests)]
const wrong = names.find(name => scenarios[name] === undefined) ?? (Number.isInteger(seed) ? undefined : options.seed) ?? (requests >= 1000 ? undefined : options.requests)

if (options.help || wrong !== undefined) {
  console.log(wrong === undefined ? usage : `unknown: ${wrong}\n${usage}`)
  process.exit(wrong === undefined ? 0 : 1)
}

const texts = []
function say (text) {
  texts.push(text)
  console.log(text + '\n')
}

const measurements = new Measurements(library, { seed, requests })
say('# fastify-balance: simulation')
say(`${new Date().toISOString().slice(0, 10)}, seed ${seed}, ${requests.toLocaleString('en')} requests per row. Made by \`npm run bench:sim\`. The gateways are made of the real registry, snapshot, slow start, ` +
  'trickle, strategies and attempts with the shipped defaults, on a manual clock. The model: nodes, 8 unless a title says otherwise, that serve one request after the other in exponential time of mean 10 ms; open-loop Poisson arrivals, ' +
  'at a random gateway, at 0.8 of what all working nodes can serve; what a gateway knows is its own; no network delay, no ejection, no failover. Latencies above a minute ' +
  'belong to nodes that get more than they can serve: they grow until every gateway has `maxInFlight` requests there.')
if (!options.gates) for (const name of names) say(report(name, strategies, measurements))

say('## Gates')
const verdicts = gates.filter(gate => gate.scenarios.every(name => names.includes(name))).map(({ name, claim, check }) => ({ name, claim, ...check(measurements) }))
say([
  ...verdicts.map(({ name, claim, found, holds }) => `- ${name}: ${claim}: ${found}, **${holds ? 'holds' : 'does not hold'}**.`),
  '- G6 to G8 are about processes; the tests in `test/process` check them.'
].join('\n'))
if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1

// Only a complete run is worth keeping.
const isComplete = options.only === undefined && !options.gates && options.seed === '1' && options.requests === '200000'
if (isComplete) writeFileSync(new URL('results.md', import.meta.url), texts.join('\n\n') + '\n')
