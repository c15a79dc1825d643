// What `npm start` runs: a gateway and three workers, each a process of its own, and what to try with them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const { PORT = '8080' } = process.env
const running = new Set()
let isStopping = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0))
// npm does not hand on every signal that it gets.
const parent = process.ppid
setInterval(() => { if (process.ppid !== parent) stop(0) }, 500).unref()

await refuseTakenPort(Number(PORT))
const gateway = start({ name: 'gateway', file: 'gateway.js', env: { PORT } })
gateway.origin = await listening(gateway)
const workers = ['3', '1', '1'].map((WEIGHT, index) =>
  start({ name: `worker ${index + 1}`, file: 'worker.js', env: { PORT: '0', WEIGHT, GATEWAYS: gateway.origin } }))
for (const worker of workers) worker.origin = await registered(worker)
explain()

function start (program) {
  const child = spawn(process.execPath, [pathOf(program.file)], {
    env: { ...process.env, NODE_ENV: 'development', ...program.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Else Ctrl-C would reach all of them at once, and the workers could not say goodbye to the gateway.
    detached: process.platform !== 'win32'
  })
  const started = { ...program, child, lines: createInterface({ input: child.stdout }) }
  running.add(started)
  started.lines.on('line', line => tell(started, entryOf(line)))
  child.once('exit', (code, signal) => {
    running.delete(started)
    if (!isStopping) mourn(started, signal ?? `exit code ${code}`)
  })
  return started
}

// Of what the processes log, this shows how nodes change their state, and warnings.
function tell ({ name }, { level, msg, node, from, to, reason, detail = reason }) {
  if (isStopping) return
  if (msg === 'node changed state') console.log(`  ${name}: node ${node} ${from ?? 'unknown'} -> ${to ?? 'gone'} (${reason})`)
  else if (level >= 40) console.log(`  ${name}: ${msg}${detail === undefined ? '' : ` (${detail})`}`)
}

function mourn (program, how) {
  console.log(`\n${program.name} died (process ${program.child.pid}, ${how}).`)
  if (program === gateway || program.origin === undefined) return stop(1)
  console.log(`The gateway goes on with the others. Start it again, in another terminal:\n  ${commandOf(program)}\n`)
}

function explain () {
  const row = ({ name, origin, child, env: { WEIGHT } }) =>
    `  ${name.padEnd(10)}${origin.padEnd(25)}process ${child.pid}${WEIGHT === undefined ? '' : `   weight ${WEIGHT}`}`
  console.log(`
What runs:
${[gateway, ...workers].map(row).join('\n')}

Ask the service, and a worker answers: the one of weight 3 while it is idle, all of them under load:
  curl ${gateway.origin}/hello/world

See what the gateway knows of the workers:
  curl ${gateway.origin}/_balance/status

Ask all the time, and meanwhile kill a worker in another terminal. No request fails:
  while sleep 0.1; do curl -sS ${gateway.origin}/hello; echo; done
  kill -9 ${workers[0].child.pid}

Start it again, and it gets requests within seconds:
  ${commandOf(workers[0])}

Ctrl-C stops everything that was started here.
`)
}

function commandOf ({ origin, env: { WEIGHT, GATEWAYS } }) {
  return `PORT=${new URL(origin).port} WEIGHT=${WEIGHT} GATEWAYS=${GATEWAYS} node ${pathOf('worker.js')}`
}

async function refuseTakenPort (port) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch ({ code, message }) {
    console.error(code === 'EADDRINUSE' ? `Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start` : message)
    process.exit(1)
  }
  server.close()
  await once(server, 'close')
}

// The address, from the line that Fastify logs about it.
function listening ({ lines }) {
  return new Promise(resolve => lines.on('line', line => {
    const url = /listening at (http:\S+)/.exec(entryOf(line).msg)?.[1]
    if (url !== undefined) resolve(url)
  }))
}

// Where the gateway reaches a worker, as soon as it knows it. Each worker says its process id in a tag.
async function registered ({ child }) {
  for (;;) {
    const { services } = await fetch(`${gateway.origin}/_balance/status`).then(response => response.json())
    const node = services.flatMap(({ nodes }) => nodes).find(({ tags }) => tags.pid === String(child.pid))
    if (node !== undefined) return node.origin
    await sleep(100)
  }
}

async function stop (code) {
  if (isStopping) return
  isStopping = true
  setTimeout(() => running.forEach(({ child }) => child.kill('SIGKILL')), 5000).unref()
  // The workers first, so that they can say goodbye to a gateway that still runs.
  await Promise.all([...running].filter(({ name }) => name !== 'gateway').map(end))
  await Promise.all([...running].map(end))
  process.exit(code)
}

function end ({ child }) {
  child.kill('SIGTERM')
  return once(child, 'exit')
}

function entryOf (line) {
  try {
    return JSON.parse(line)
  } catch {
    return { level: 40, msg: line }
  }
}

function pathOf (file) {
  return relative(process.cwd(), fileURLToPath(new URL(file, import.meta.url)))
}
