import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ChildProcess } from 'node:child_process'
import { freePort, until } from './process.js'
import type { Test } from 'tap'

/** A redis-server of a test, on a port of its own that it keeps. It persists nothing: started again, it is empty. */
export interface RedisServer {
  readonly port: number
  /** Runs a command by redis-cli. */
  cli (...command: readonly string[]): Promise<string>
  /** Ends it as a crash does. */
  kill (): Promise<void>
  /** Starts it again after `kill`. */
  restart (): Promise<void>
  /** Stops it in the middle of what it does: its kernel still accepts connections, and nobody answers. */
  freeze (): void
  thaw (): void
}

const running = new Set<ChildProcess>()
// Also when tap ends this process because its time is over.
process.once('exit', () => running.forEach(child => child.kill('SIGKILL')))

/** Starts a redis-server on loopback, with further options of redis-server. It is gone when the test is over. */
export async function startRedis (t: Test, ...further: readonly string[]): Promise<RedisServer> {
  // What replication and clusters write.
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const options = ['--dir', folder, ...further]
  const port = await freePort()
  const cli = async (...command: readonly string[]): Promise<string> =>
    (await promisify(execFile)('redis-cli', ['-h', '127.0.0.1', '-p', `${port}`, ...command])).stdout.trim()
  let child = await launch(port, options, cli)
  const kill = async (): Promise<void> => {
    const isOver = child.exitCode !== null || child.signalCode !== null
    const exited = isOver ? null : once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    running.delete(child)
  }
  t.teardown(async () => {
    await kill()
    await rm(folder, { recursive: true })
  })
  return {
    port,
    cli,
    kill,
    restart: async () => { child = await launch(port, options, cli) },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT')
  }
}

/** Starts a cluster of one master that has all slots. */
export async function startRedisCluster (t: Test): Promise<RedisServer> {
  const options = { enabled: 'yes', port: await freePort(), 'announce-ip': '127.0.0.1', 'config-file': 'nodes.conf' }
  const server = await startRedis(t, ...Object.entries(options).flatMap(([name, value]) => [`--cluster-${name}`, `${value}`]))
  await server.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => (await server.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'), 'the cluster is ready')
  return server
}

async function launch (port: number, options: readonly string[], cli: RedisServer['cli']): Promise<ChildProcess> {
  const fixed = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', [...fixed, ...options], { stdio: 'ignore' })
  const failed = once(child, 'error').then(([error]) => { throw error })
  running.add(child)
  // Another server may have taken the port meanwhile.
  const isOwn = async (): Promise<boolean> => (await cli('INFO', 'server').catch(() => '')).includes(`process_id:${child.pid}\r`)
  await Promise.race([failed, until(isOwn, `redis-server on port ${port} answers`)])
  return child
}
