import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

/** What a process holds. Linux only. */
export interface Footprint {
  readonly rssBytes: number
  readonly sockets: number
  /** Sockets that the other side has closed, and this process has not. */
  readonly forgotten: number
}

/** As `tcp_states.h` counts. */
const closeWait = '08'

/** What a process holds now. */
export function footprintOf (pid: number): Footprint {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map(fd => socketAt(`/proc/${pid}/fd/${fd}`)).filter(inode => inode !== null))
  const tcp = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1).map(line => line.trim().split(/\s+/))
  const forgotten = tcp.filter(([, , , state, , , , , , inode = '']) => state === closeWait && sockets.has(inode)).length
  return { rssBytes: Number(kibibytes) * 1024, sockets: sockets.size, forgotten }
}

/** What a process holds when it has had the time to close what the other side has closed a moment ago. */
export async function footprintAtRest (pid: number): Promise<Footprint> {
  for (let looks = 0; looks < 40; looks++) {
    const footprint = footprintOf(pid)
    if (footprint.forgotten === 0) return footprint
    await sleep(50)
  }
  return footprintOf(pid)
}

/** Watches a process. Ends when it is asked; gives the most that it has held. */
export function watchFootprint (t: Test, pid: number): () => Footprint {
  let most = footprintOf(pid)
  const look = (): void => {
    const { rssBytes, sockets, forgotten } = footprintOf(pid)
    most = { rssBytes: Math.max(most.rssBytes, rssBytes), sockets: Math.max(most.sockets, sockets), forgotten: Math.max(most.forgotten, forgotten) }
  }
  const timer = setInterval(look, 200)
  t.teardown(() => clearInterval(timer))
  return () => {
    clearInterval(timer)
    return most
  }
}

/** The inode of a socket; null: it is none. */
function socketAt (path: string): string | null {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? null
  } catch {
    // It was closed meanwhile.
    return null
  }
}
