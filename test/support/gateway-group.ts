import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, startNode, until } from './process.js'
import { nodesUp } from './process-status.js'
import type { Test } from 'tap'
import type { NodeChange } from '../../types/index.js'
import type { Program } from './process.js'

/** A process, and where it listens. */
export interface Served extends Program { readonly address: string }

export interface GatewayGroup {
  readonly gateways: readonly Served[]
  readonly workers: readonly Served[]
  startGateway (port?: string): Promise<Served>
  startWorker (env?: Readonly<Record<string, string>>): Promise<Served>
  /** The ids of the requests that the workers have received. */
  received (): string[]
}

export interface GroupWith {
  readonly gateways: number
  readonly workers: number
  /** Environment of the gateways: which store. */
  readonly store: Readonly<Record<string, string>>
  /** Milliseconds that a worker's answer takes at most. */
  readonly mostMs?: number
}

/** What the process of a gateway says of itself. */
export interface Self { readonly cpuMs: number, readonly delayP99Ms: number, readonly rssMiB: number, readonly isLeader: boolean }

/** Starts several gateways on one store, and workers that know them all. Every gateway knows every worker. */
export async function startGatewayGroup (t: Test, { gateways: gatewayCount, workers: workerCount, store, mostMs = 25 }: GroupWith): Promise<GatewayGroup> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const served = async (program: Program): Promise<Served> => ({ ...program, address: await addressOf(program) })
  const startGateway = async (port: string = '0'): Promise<Served> => await served(startNode(t, 'test/process/fixtures/group-gateway.js', { PORT: port, ...store }, 'a gateway'))
  const gateways = await Promise.all(Array.from({ length: gatewayCount }, () => startGateway()))
  const addresses = gateways.map(({ address }) => address).join(',')
  const startWorker = async (env: Readonly<Record<string, string>> = {}): Promise<Served> =>
    await served(startNode(t, 'test/process/fixtures/worker.js', { GATEWAYS: addresses, FOLDER: folder, MOST_MS: String(mostMs), ...env }, 'a worker'))
  const workers = await Promise.all(Array.from({ length: workerCount }, () => startWorker()))
  await Promise.all(gateways.map(({ address }) => nodesUp(address, 'load', workerCount)))
  const received = (): string[] => readdirSync(folder).flatMap(pid => readFileSync(join(folder, pid), 'utf8').split('\n')).filter(id => id !== '')
  return { gateways, workers, startGateway, startWorker, received }
}

export async function selfOf (gateway: Served): Promise<Self> {
  return await (await fetch(`${gateway.address}/self`)).json() as Self
}

/** The ids of those changes by which a gateway gave a node up that lives: it may have lost its lease, or been forgotten. */
export function lost (changes: readonly NodeChange[]): string[] {
  return changes.filter(({ to, reason }) => (to === null && reason !== 'left') || to === 'expired').map(({ id, reason }) => `${id} ${reason}`)
}

/** Waits until a gateway's own `/_balance/status` says that its store is, or is not, connected. */
export async function storeIs (gateway: Served, connected: boolean, limitMs?: number): Promise<void> {
  await until(async () => {
    const { gateway: { store } } = await (await fetch(`${gateway.address}/_balance/status`)).json() as { gateway: { store: { connected: boolean } } }
    return store.connected === connected
  }, `the store is ${connected ? '' : 'not '}connected`, limitMs)
}
