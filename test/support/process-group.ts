import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, startNode } from './process.js'
import { nodesUp } from './process-status.js'
import type { Test } from 'tap'
import type { Program } from './process.js'

/** A worker of the fixtures, and where it listens. */
export interface Worker extends Program { readonly port: string }

/** A gateway and its workers, each a process. */
export interface Group {
  readonly gateway: Program
  readonly address: string
  readonly workers: readonly [Worker, Worker, Worker]
  /** Starts another worker; on the port of an earlier one it is the same node again. */
  startWorker (port?: string): Promise<Worker>
  /** The ids of the requests that a worker has received, in their order. */
  received (pid: number): string[]
  /** The same of all workers, also of those that are dead. */
  receivedByAll (): string[]
}

/** Starts the gateway and three workers of the fixtures, each with more in its environment. They have registered. */
export async function startGroup (t: Test, more: { readonly gateway?: Readonly<Record<string, string>>, readonly worker?: Readonly<Record<string, string>> } = {}): Promise<Group> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const gateway = startNode(t, 'test/process/fixtures/gateway.js', more.gateway, 'the gateway')
  const address = await addressOf(gateway)
  const startWorker = async (port: string = '0'): Promise<Worker> => {
    const worker = startNode(t, 'test/process/fixtures/worker.js', { PORT: port, GATEWAYS: address, FOLDER: folder, ...more.worker }, 'a worker')
    return { ...worker, port: new URL(await addressOf(worker)).port }
  }
  const workers = await Promise.all([startWorker(), startWorker(), startWorker()])
  await nodesUp(address, 'load', 3)
  const received = (pid: number): string[] => readFileSync(join(folder, String(pid)), 'utf8').split('\n').filter(id => id !== '')
  return { gateway, address, workers, startWorker, received, receivedByAll: () => readdirSync(folder).flatMap(pid => received(Number(pid))) }
}
