import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { accessSync, constants } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

export const root: string = resolve(import.meta.dirname, '../..')

/** How a process ended. */
export interface Exit { readonly code: number | null, readonly signal: NodeJS.Signals | null }

/** A process of a test, with what it has written so far. */
export interface Program {
  readonly name: string
  readonly pid: number
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly exited: Promise<Exit>
  send (signal: NodeJS.Signals): void
  /** The first line of its output that matches, also one that came before; rejects when none comes within `limitMs`. */
  line (pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>
}

export interface Command {
  readonly name: string
  /** The program and its arguments. */
  readonly run: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const groups = new Set<number>()
// Also when tap ends this process because its time is over. What `npm start` runs has groups of its own.
process.once('exit', () => groups.forEach(pid => {
  spawnSync('pkill', ['-KILL', '-P', String(pid)])
  killGroup(pid)
}))

/** Starts a process. It and what it has started are dead when the test is over. */
export function start (t: Test, { name, run, env = {}, cwd = root }: Command): Program {
  // tap makes every node process measure its coverage; these are to run as a user's would.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...run], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} does not start`)
  groups.add(pid)
  const output: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', line => output.push(line))
  createInterface({ input: child.stderr }).on('line', line => errors.push(line))
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }))
  t.teardown(async () => {
    killGroup(pid)
    groups.delete(pid)
    await exited
  })
  return {
    name,
    pid,
    output,
    errors,
    exited,
    send: signal => { child.kill(signal) },
    line: async (pattern, limitMs) => {
      const match = () => output.map(line => pattern.exec(line)).find(found => found !== null)
      return await until(match, `${name} writes ${pattern}`, limitMs).catch(error => {
        throw new Error(`${error.message}. It wrote:\n${[...output.slice(-20), ...errors].join('\n')}`)
      })
    }
  }
}

/** Starts a JavaScript file with this Node, by its path in this repository. */
export function startNode (t: Test, file: string, env: Readonly<Record<string, string>> = {}, name: string = file): Program {
  return start(t, { name, run: [process.execPath, join(root, file)], env })
}

function killGroup (pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}

/** Waits until `check` gives something, and gives that. */
export async function until<T> (check: () => T | undefined | null | false | Promise<T | undefined | null | false>, what: string, limitMs: number = 15_000): Promise<T> {
  for (const deadline = performance.now() + limitMs; ; await sleep(20)) {
    const found = await check()
    if (found !== undefined && found !== null && found !== false) return found
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
  }
}

/** The address that a Fastify app logs when it listens. */
export async function addressOf (program: Program): Promise<string> {
  const [, address = ''] = await program.line(/listening at (http:\/\/[^"\s]+)/)
  return address
}

/** A port that was free a moment ago. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** How long a fault lasts that is only waited for: with the environment variable LONG as long as the documents say, else as long as it takes to matter. ms */
export function lasting (longMs: number, shortMs: number): number {
  return process.env['LONG'] === undefined ? shortMs : longMs
}

/** Whether a process with that id lives. */
export function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Warnings, unhandled rejections and crashes are written to stderr: nothing may stand there. */
export function isQuiet (t: Test, ...programs: readonly Program[]): void {
  for (const { name, errors } of programs) t.same(errors, [], `${name} writes nothing to stderr`)
}

/** Skips the test where a program is not installed; in CI it must be. */
export function needs (...programs: readonly string[]): { skip: string | false } {
  const missing = programs.filter(program => !(process.env['PATH'] ?? '').split(delimiter).some(folder => isExecutable(join(folder, program))))
  if (missing.length === 0) return { skip: false }
  if (process.env['CI'] !== undefined) throw new Error(`not installed: ${missing.join(', ')}`)
  return { skip: `not installed: ${missing.join(', ')}` }
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
