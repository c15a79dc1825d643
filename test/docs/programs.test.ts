// Does what the README says, in its order: writes its files, types its commands, and compares what comes with what it shows.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { addressOf, freePort, isQuiet, needs, start } from '../support/process.js'
import { nodesUp, reasonsUntilLeft } from '../support/process-status.js'
import { blocksOf, documents } from './markdown.js'
import { createProject, freePorts, placed } from './project.js'
import type { Program } from '../support/process.js'
import type { Block } from './markdown.js'

const run = promisify(execFile)
const secret = 'a secret of the tests of this package'
const project = createProject(t)
const open = await freePorts()
const closed = await freePorts()
const blocks = documents.flatMap(blocksOf)

for (const { text } of blocks) {
  const [, name] = /^\/\/ (\S+\.js)\n/.exec(text) ?? []
  if (name === undefined) continue
  project.write(name, text, open)
  project.write(`closed-${name}`, text, closed)
}

/** The names in a JSON text, in their order; what they stand for is different each time. */
function namesIn (value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(namesIn)
  if (typeof value !== 'object' || value === null) return 'a value'
  return Object.entries(value).map(([name, each]) => [name, namesIn(each)])
}

function blockWith (language: string, text: string): Block {
  const found = blocks.filter(block => block.language === language && block.text.includes(text))
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} blocks of ${language} contain: ${text}`)
  return found[0]
}

function startProgram (command: string, env: Record<string, string> = {}): Program {
  const [, program = '', file = ''] = /^(node|sh|python3) (\S+)$/.exec(command) ?? []
  return start(t, { name: command, run: [program === 'node' ? process.execPath : program, file], cwd: project.folder, env })
}

/** What a command prints. */
async function output (command: string): Promise<string> {
  const { stdout } = await run('sh', ['-ec', placed(command, open)], { cwd: project.folder, timeout: 10_000 })
  return stdout
}

t.test('every block of the documents is of a language that is tested here', async t => {
  t.same(blocks.filter(({ language }) => !['js', 'ts', 'sh', 'json', 'python', 'text'].includes(language)), [])
  for (const { file, line, text } of blocks.filter(({ language }) => language === 'json')) t.doesNotThrow(() => JSON.parse(text), `${file}:${line} is JSON`)
})

t.test('the quick start — gives an answer — typed in as it stands', needs('curl'), async t => {
  const [gatewayCommand = '', ...workerCommands] = blockWith('sh', 'node gateway.js').text.split('\n')
  const gateway = startProgram(gatewayCommand)
  await addressOf(gateway)
  const workers = workerCommands.map(command => startProgram(command))
  await nodesUp(`http://localhost:${open[8080]}`, 'hello', workers.length)

  for (const block of blocks.filter(({ language, text }) => language === 'sh' && text.startsWith('curl'))) {
    const printed = await output(block.text)
    const next = blocks[blocks.indexOf(block) + 1]
    t.ok(printed.startsWith('{'), `${block.file}:${block.line} prints JSON`)
    if (next?.language !== 'json') continue
    t.same(namesIn(JSON.parse(printed)), namesIn(JSON.parse(next.text)), `${block.file}:${block.line} prints what is shown`)
  }

  const [first, ...others] = workers
  first?.send('SIGKILL')
  await first?.exited
  for (let times = 0; times < 10; times++) t.match(JSON.parse(await output('curl -sS http://localhost:8080/hello')), { hello: 'world' }, 'a killed worker costs no request')
  for (const worker of others) {
    worker.send('SIGTERM')
    t.same(await worker.exited, { code: 0, signal: null }, 'a worker drains and closes')
  }
  gateway.send('SIGTERM')
  t.same(await gateway.exited, { code: 0, signal: null }, 'the gateway closes')
  isQuiet(t, gateway, ...workers)
})

t.test('the secret of the README — is one that the plugins take', needs('openssl'), async t => {
  const { stdout } = await run('sh', ['-ec', `${blockWith('sh', 'export HEARTBEAT_SECRET').text}; echo $HEARTBEAT_SECRET`])
  t.match(stdout, /^[0-9a-f]{64}\n$/)
})

t.test('signed heartbeats', async t => {
  const env = { HEARTBEAT_SECRET: secret }
  const gateway = startProgram('node closed-gateway.js', env)
  const address = await addressOf(gateway)
  const left = ['registered', 'drain-announced', 'left']

  t.test('the worker of the README in Fastify — registers, drains and leaves — with a secret', async t => {
    const worker = startProgram('node closed-worker.js', env)
    const [node] = await nodesUp(address, 'hello', 1)
    worker.send('SIGTERM')
    t.same(await worker.exited, { code: 0, signal: null })
    t.same(await reasonsUntilLeft(gateway, node?.id ?? ''), left)
    isQuiet(t, worker)
  })

  t.test('the worker of the README in shell — registers, drains and leaves — with a secret', needs('curl', 'openssl'), async t => {
    project.write('worker.sh', blockWith('sh', '# worker.sh').text, closed)
    const worker = startProgram('sh worker.sh', env)
    await nodesUp(address, 'orders', 1)
    worker.send('SIGTERM')
    t.same(await worker.exited, { code: 0, signal: null })
    t.same(await reasonsUntilLeft(gateway, `127.0.0.1:${closed[3000]}`), left)
    isQuiet(t, worker)
  })

  t.test('the heartbeat of the README in Python — registers, drains and leaves — with a secret', needs('python3'), async t => {
    const another = { ...closed, 3000: await freePort() }
    project.write('beat.py', `${blockWith('python', 'def beat').text}\n\nprint([beat(state)['state'] for state in ['up', 'draining', 'left']])\n`, another)
    const beats = startProgram('python3 beat.py', env)
    t.same(await beats.exited, { code: 0, signal: null })
    t.match(beats.output.join(), /'(up|warming)', 'draining', 'left'/)
    t.same(await reasonsUntilLeft(gateway, `127.0.0.1:${another[3000]}`), left)
    isQuiet(t, beats)
  })

  t.test('no signature — is a 401 — where there is a secret', needs('curl'), async t => {
    const { stdout } = await run('sh', ['-ec', placed(blockWith('sh', '"port":3000}').text, closed)])
    t.match(JSON.parse(stdout), { statusCode: 401, code: 'FST_BALANCE_HEARTBEAT_UNAUTHORIZED' })
    isQuiet(t, gateway)
  })
})
