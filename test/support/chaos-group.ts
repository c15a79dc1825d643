import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepablePort } from './keepable-port.js'
import { addressOf, startNode } from './process.js'
import { nodesUp } from './process-status.js'
import type { Test } from 'tap'
import type { StrategyName } from '../../types/strategy.js'
import type { Fault, FaultKind, Pause, Schedule } from './chaos-schedule.js'
import type { Program } from './process.js'

export const workerCount = 5

/** When something was wrong, monotonic ms: from before it began until after it was healed. `worker: null`: with the gateway. */
export interface Trouble {
  readonly worker: number | null
  readonly kind: FaultKind
  readonly since: number
  readonly until: number
}

/** A gateway and five workers that faults can be done to. */
export interface ChaosGroup {
  readonly gateway: Program
  readonly address: string
  /** All processes that were ever started. */
  readonly programs: readonly Program[]
  /** What was wrong so far, and has been healed. */
  readonly troubles: readonly Trouble[]
  /** The node that a worker is at the gateway, by its number. */
  readonly ids: readonly string[]
  /** Does all that the schedule says. Resolves when all is healed. */
  suffer (schedule: Schedule): Promise<void>
  /** The number of the worker that a process is or was. */
  numberOf (pid: number): number
  /** The workers that have executed a request, by its id. */
  executed (): Map<string, number[]>
}

interface Worker { readonly program: Program, readonly control: string }

/** Starts the gateway and the workers. They have registered. */
export async function startChaosGroup (t: Test, strategy: StrategyName): Promise<ChaosGroup> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const gateway = startNode(t, 'test/process/fixtures/chaos-gateway.js', { STRATEGY: strategy }, 'the gateway')
  const address = await addressOf(gateway)
  const programs = [gateway]
  const numbers = new Map<number, number>()
  const ports = await Promise.all(Array.from({ length: workerCount }, keepablePort))
  const startWorker = async (number: number): Promise<Worker> => {
    const program = startNode(t, 'test/process/fixtures/chaos-worker.js', { PORT: String(ports[number]), GATEWAYS: address, FOLDER: folder }, `worker ${number}`)
    programs.push(program)
    numbers.set(program.pid, number)
    await addressOf(program)
    const [, control = ''] = await program.line(/control at (http:\S+)/)
    return { program, control }
  }
  const workers = await Promise.all(ports.map((_port, number) => startWorker(number)))
  const ids = ports.map(port => `127.0.0.1:${port}`)
  await nodesUp(address, 'load', workerCount)

  const troubles: Trouble[] = []
  const note = async (worker: number | null, kind: FaultKind, task: Promise<void>): Promise<void> => {
    const since = performance.now()
    await task
    troubles.push({ worker, kind, since, until: performance.now() })
  }
  const hurt = async ({ worker: number, kind, share, forMs }: Fault): Promise<void> => {
    const worker = workers[number]
    if (worker === undefined) throw new Error(`there is no worker ${number}`)
    if (kind === 'stop') return await pause(worker.program, forMs)
    if (kind !== 'kill' && kind !== 'drain') return await spoil(worker, `${kind}/${share}`, forMs)
    worker.program.send(kind === 'kill' ? 'SIGKILL' : 'SIGTERM')
    const { code } = await worker.program.exited
    if (kind === 'drain' && code !== 0) throw new Error(`worker ${number} ended with ${code} when it was to drain`)
    await sleep(forMs)
    workers[number] = await startWorker(number)
  }
  const sufferLane = async (lane: readonly Fault[]): Promise<void> => {
    for (const fault of lane) {
      await sleep(fault.afterMs)
      await note(fault.worker, fault.kind, hurt(fault))
    }
  }
  const sufferPauses = async (pauses: readonly Pause[]): Promise<void> => {
    for (const { afterMs, forMs } of pauses) {
      await sleep(afterMs)
      await note(null, 'stop', pause(gateway, forMs))
    }
  }
  return {
    gateway,
    address,
    programs,
    troubles,
    ids,
    suffer: async ({ lanes, pauses }) => { await Promise.all([...lanes.map(sufferLane), sufferPauses(pauses)]) },
    numberOf: pid => numberIn(numbers, pid),
    executed: () => executedIn(folder, numbers)
  }
}

async function pause (program: Program, forMs: number): Promise<void> {
  program.send('SIGSTOP')
  await sleep(forMs)
  program.send('SIGCONT')
}

async function spoil ({ control }: Worker, order: string, forMs: number): Promise<void> {
  await fetch(`${control}/${order}`, { method: 'POST' })
  await sleep(forMs)
  await fetch(`${control}/none`, { method: 'POST' })
}

function executedIn (folder: string, numbers: ReadonlyMap<number, number>): Map<string, number[]> {
  const executed = new Map<string, number[]>()
  for (const pid of readdirSync(folder)) {
    const number = numberIn(numbers, Number(pid))
    for (const id of readFileSync(join(folder, pid), 'utf8').split('\n').filter(line => line !== '')) {
      executed.set(id, [...executed.get(id) ?? [], number])
    }
  }
  return executed
}

function numberIn (numbers: ReadonlyMap<number, number>, pid: number): number {
  const number = numbers.get(pid)
  if (number === undefined) throw new Error(`process ${pid} is no worker`)
  return number
}
