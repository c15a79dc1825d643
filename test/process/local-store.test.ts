import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { isQuiet, startNode, until } from '../support/process.js'
import type { Program } from '../support/process.js'
import type { Test } from 'tap'

const fixture = 'test/process/fixtures/local-gateway.js'

interface View { readonly kind: 'view', readonly epoch: string, readonly known: number, readonly inStore: number }
type Said = { readonly pid: number } & (View |
  { readonly kind: 'put' | 'read', readonly id?: string, readonly at: number, readonly tookMs: number } |
  { readonly kind: 'seen', readonly id: string, readonly at: number } |
  { readonly kind: 'failed', readonly what: string, readonly tookMs: number, readonly message: string })

/** A machine of its own for processes: a directory for temporary files, under which they meet. */
function machine (t: Test): { start: (file?: string) => Program, hubs: (pids: readonly number[]) => number[], sockets: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'fb-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return {
    start: (file = fixture) => startNode(t, file, { TMPDIR: folder }),
    hubs: pids => listenersIn(folder, pids),
    sockets: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.includes('/'))
  }
}

/** Which processes listen on sockets of a directory, one entry for each socket; as Linux tells it. */
function listenersIn (folder: string, pids: readonly number[]): number[] {
  const listens = '00010000'
  const inodes = new Set(readFileSync('/proc/net/unix', 'utf8').split('\n').map(line => line.trim().split(/\s+/))
    .filter(([, , , flags, , , , path = '']) => flags === listens && path.startsWith(folder)).map(([, , , , , , inode]) => `socket:[${inode}]`))
  return pids.flatMap(pid => readdirSync(`/proc/${pid}/fd`).filter(fd => inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))).map(() => pid))
}

function linkOf (path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function said ({ output }: Program): Said[] {
  return output.map(line => JSON.parse(line) as Said)
}

function viewOf (program: Program, pid: number = program.pid): View | undefined {
  return said(program).filter((each): each is View & { pid: number } => each.kind === 'view' && each.pid === pid).at(-1)
}

/** They all see the same store, and all of it. Gives its epoch. */
async function agreement (programs: readonly Program[], leases: number, not?: string): Promise<string> {
  return await until(() => {
    const views = programs.map(program => viewOf(program))
    const epoch = views[0]?.epoch
    return epoch !== undefined && epoch !== not && views.every(view => view?.epoch === epoch && view.inStore === leases) && epoch
  }, `${programs.length} processes see the same ${leases} leases`)
}

const only = { skip: process.platform === 'linux' ? false : 'finds the hub by /proc' } as const
const rounded = (ms: number): number => Math.round(ms * 10) / 10

test('a local store — shows what one worker put to the others within 50 ms — in four workers of node:cluster', only, async t => {
  const { start, hubs } = machine(t)
  const cluster = start('test/process/fixtures/local-cluster.js')
  const pids = await until(() => {
    const found = [...new Set(said(cluster).map(({ pid }) => pid))]
    return found.length === 4 && found.every(pid => viewOf(cluster, pid)?.inStore === 4) && found
  }, 'four workers see each other')
  t.equal(hubs(pids).length, 1, 'one of them is the hub')

  const latencies: number[] = []
  for (let count = 0; count < 100; count++) {
    const pid = pids[count % pids.length] ?? NaN
    const isOf = (each: Said, kind: Said['kind']): boolean => each.kind === kind && 'id' in each && each.id === `${pid}-${1 + Math.floor(count / pids.length)}`
    process.kill(pid, 'SIGUSR2')
    const seen = await until(() => {
      const found = said(cluster).filter(each => isOf(each, 'seen'))
      return found.length === 3 && said(cluster).some(each => isOf(each, 'put')) && found
    }, 'the others see it')
    const put = said(cluster).find(each => isOf(each, 'put'))
    latencies.push(...seen.map(each => ('at' in each ? each.at : NaN) - (put !== undefined && 'at' in put ? put.at : NaN)))
  }
  latencies.sort((a, b) => a - b)
  const quantile = (share: number): number => rounded(latencies[Math.ceil(share * latencies.length) - 1] ?? NaN)
  t.comment(`from a put to the view of another: median ${quantile(0.5)} ms, 95 % in ${quantile(0.95)} ms, 99 % in ${quantile(0.99)} ms, all in ${quantile(1)} ms`)
  t.equal(latencies.length, 300)
  // The last ones tell of the machine: five processes share its processors with whatever else runs there.
  t.ok(quantile(0.95) <= 50, `95 % in ${quantile(0.95)} ms`)
  t.same(said(cluster).filter(({ kind }) => kind === 'failed'), [], 'no call failed')
  isQuiet(t, cluster)
})

test('a local store — is whole again with another hub — whenever the hub is killed', only, async t => {
  const { start, hubs } = machine(t)
  const programs = Array.from({ length: 4 }, () => start())
  const quiet = [...programs]
  let epoch = await agreement(programs, 4)
  for (let round = 1; round <= 5; round++) {
    const [pid] = hubs(programs.map(program => program.pid))
    const hub = programs.find(program => program.pid === pid)
    if (hub === undefined) throw new Error('there is no hub')
    hub.send('SIGKILL')
    const killedAt = performance.now()
    await hub.exited
    programs.splice(programs.indexOf(hub), 1)
    const next = await agreement(programs, 3 + round, epoch)
    t.comment(`round ${round}: ${rounded(performance.now() - killedAt)} ms until all see all again`)
    t.not(next, epoch, 'another hub')
    t.equal(hubs(programs.map(program => program.pid)).length, 1)
    t.ok(programs.every(program => said(program).filter(each => each.kind === 'view').every(({ known }, index, views) => known >= (views[index - 1]?.known ?? 0))), 'no view has become smaller meanwhile')
    const heir = start()
    programs.push(heir)
    quiet.push(heir)
    epoch = await agreement(programs, 4 + round)
    t.equal(epoch, next, 'who comes later finds the hub')
  }
  isQuiet(t, ...quiet)
})

test('a local store — has one hub — when 20 processes start at once, also where a killed one left its socket, and when the hub of many is killed', only, async t => {
  const { start, hubs, sockets } = machine(t)
  const programs = Array.from({ length: 20 }, () => start())
  const pids = (): number[] => programs.map(({ pid }) => pid)
  const first = await agreement(programs, 20)
  t.equal(hubs(pids()).length, 1)
  t.equal(sockets().length, 1, 'nothing else is left in the directory')

  const [pid] = hubs(pids())
  const [hub] = programs.splice(programs.findIndex(program => program.pid === pid), 1)
  hub?.send('SIGKILL')
  await hub?.exited
  const second = await agreement(programs, 20, first)
  t.equal(hubs(pids()).length, 1)

  for (const program of programs) program.send('SIGKILL')
  await Promise.all(programs.map(({ exited }) => exited))
  t.equal(sockets().length, 1, 'the socket of the killed hub')
  programs.splice(0, Infinity, ...Array.from({ length: 20 }, () => start()))
  t.not(await agreement(programs, 20), second)
  t.equal(hubs(pids()).length, 1)
  t.equal(sockets().length, 1)
  isQuiet(t, ...programs)
})

test('a local store — gives calls up and leaves the hub its place — while it stands still', only, async t => {
  const { start, hubs } = machine(t)
  const hub = start()
  const epoch = await agreement([hub], 1)
  const others = [start(), start(), start()] as const
  t.equal(await agreement([hub, ...others], 4), epoch)
  t.same(hubs([hub, ...others].map(({ pid }) => pid)), [hub.pid])

  hub.send('SIGSTOP')
  t.teardown(() => hub.send('SIGCONT'))
  const late = start()
  await sleep(2000)
  for (const other of [...others, late]) {
    const failures = said(other).flatMap(each => each.kind === 'failed' ? [each] : [])
    t.ok(failures.length > 0, 'calls fail')
    t.same(failures.filter(({ tookMs }) => tookMs > 500), [], 'and do not hang')
    t.match(failures[0]?.message, /did not answer/)
  }
  t.same(hubs([hub, ...others, late].map(({ pid }) => pid)), [hub.pid], 'nobody took its place')

  hub.send('SIGCONT')
  t.equal(await agreement([hub, ...others, late], 5), epoch, 'it goes on with what it knew')
  isQuiet(t, hub, ...others, late)
})

test('a local store — leaves its place to others and the directory clean — when it is closed', only, async t => {
  const { start, sockets } = machine(t)
  const hub = start()
  const epoch = await agreement([hub], 1)
  const other = start()
  await agreement([hub, other], 2)
  hub.send('SIGTERM')
  t.same(await hub.exited, { code: 0, signal: null }, 'a closed store keeps no process alive')
  await agreement([other], 2, epoch)
  t.equal(sockets().length, 1)
  other.send('SIGTERM')
  t.same(await other.exited, { code: 0, signal: null })
  t.same(sockets(), [])
  isQuiet(t, hub, other)
})

test('a local store — keeps no process alive — neither as hub nor as client', only, async t => {
  const { start } = machine(t)
  const visitor = 'test/process/fixtures/local-visitor.js'
  const alone = start(visitor)
  t.same(await alone.exited, { code: 0, signal: null })
  const hub = start()
  await agreement([hub], 1)
  const guest = start(visitor)
  t.same(await guest.exited, { code: 0, signal: null })
  t.same([alone.output, guest.output], [['complete: true'], ['complete: true']])
  isQuiet(t, alone, guest, hub)
})
