import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { isAlive, isQuiet, start, startNode, until } from '../support/process.js'
import { failed, load } from '../support/process-load.js'
import { nodesOf, nodesUp } from '../support/process-status.js'
import type { Test } from 'tap'

/** Starts what `npm start` runs, and reads from its output what runs where. */
async function startAll (t: Test) {
  const program = startNode(t, 'examples/start.js', { PORT: '0' }, 'npm start')
  t.teardown(async () => {
    program.send('SIGTERM')
    await program.exited
  })
  await program.line(/Ctrl-C stops/, 25_000)
  const rows = program.output.map(line => /^ {2}(gateway|worker \d) +(http:\S+) +process (\d+)(?: +weight (\d))?/.exec(line)).filter(row => row !== null)
  const [gateway, ...workers] = rows.map(([, name = '', origin = '', pid, weight]) => ({ name, origin, pid: Number(pid), weight: Number(weight) }))
  if (gateway === undefined) throw new Error('it names no gateway')
  return { program, gateway, workers }
}

test('npm start — runs a gateway and three workers, says where, and leaves no process — until Ctrl-C', async t => {
  const { program, gateway, workers } = await startAll(t)
  t.same(workers.map(({ weight }) => weight), [3, 1, 1])
  const all = [gateway, ...workers].map(({ pid }) => pid)
  t.ok(all.every(isAlive), 'all processes that it names are there')
  t.same((await nodesOf(gateway.origin, 'hello')).map(({ origin }) => origin).sort(), workers.map(({ origin }) => origin).sort())

  const answer = await fetch(`${gateway.origin}/hello/world`)
  t.match(await answer.json(), { service: 'hello', url: '/hello/world' })

  program.send('SIGINT')
  t.same(await program.exited, { code: 0, signal: null })
  t.same(all.filter(isAlive), [], 'no process is left')
  isQuiet(t, program)
})

test('npm start — shows that a killed worker costs no request, and how to start it again — with the commands that it prints', async t => {
  const { program, gateway, workers: [victim] } = await startAll(t)
  const [, command = ''] = await program.line(/^ {2}(PORT=\d+ WEIGHT=3 .*)$/)
  const traffic = load(`${gateway.origin}/hello`, { perSecond: 50 })
  await sleep(1000)
  process.kill(victim?.pid ?? 0, 'SIGKILL')
  await program.line(new RegExp(`worker 1 died \\(process ${victim?.pid}, SIGKILL\\)`))
  await until(async () => (await nodesOf(gateway.origin, 'hello')).some(({ state }) => state === 'expired'), 'the gateway sees that it is gone')
  const shots = await traffic.stop()
  t.same(shots.filter(({ method, status }) => method === 'GET' && status !== 200), [], 'no GET failed')
  t.ok(failed(shots).filter(({ status }) => status !== 200).length < 3, 'nor a POST, but those that it was working on')

  const again = start(t, { name: 'the worker started again', run: ['sh', '-c', `exec env ${command}`] })
  const nodes = await nodesUp(gateway.origin, 'hello', 3)
  t.equal(nodes.find(({ tags }) => tags['pid'] === String(again.pid))?.origin, victim?.origin, 'it is the same node')
  program.send('SIGTERM')
  await program.exited
  isQuiet(t, program, again)
})

test('npm start — leaves no process — when npm itself is ended', async t => {
  const shell = start(t, { name: 'what npm runs', run: ['sh', '-c', 'node examples/start.js & wait'], env: { PORT: '0' } })
  await shell.line(/Ctrl-C stops/, 25_000)
  const pids = shell.output.map(line => Number(/ process (\d+)/.exec(line)?.[1])).filter(pid => pid > 0)
  t.equal(pids.length, 4)
  shell.send('SIGKILL')
  await shell.exited
  await until(() => !pids.some(isAlive), 'all of them end')
})

test('npm start — ends with a message that says what to do — when the port is taken', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const program = startNode(t, 'examples/start.js', { PORT: String(port) }, 'npm start')
  t.same(await program.exited, { code: 1, signal: null })
  t.same(program.errors, [`Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start`])
})
