import { chmodSync, linkSync, lstatSync, rmSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { besideOf, nameLength } from './place.js'
import type { Server, Socket } from 'node:net'
import type { Random } from '../../../types/clock.js'

/** The way in: connected to the hub, or listening as the hub. `file`: what others find it by; undefined where it is none. */
export type Entrance =
  | { readonly kind: 'client', readonly socket: Socket }
  | { readonly kind: 'hub', readonly server: Server, readonly file: string | undefined }

/** Somebody else was faster so often: there is something wrong. */
const maxAttempts = 20

/**
 * Finds the hub of a place, or takes the place.
 * A socket whose process has ended refuses connections, one whose process only stands still does not: nobody takes a place from a hub that may wake up.
 */
export async function join (place: string, random: Random): Promise<Entrance> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const seen = isFile(place) ? fileAt(place) : undefined
    const found = await connectTo(place) ?? await claim(place, seen, random)
    if (found !== null) return found
  }
  throw new Error(`neither found a hub at '${place}' nor became it`)
}

/** Which file is at a path: another one there has another name here. undefined: none. */
export function fileAt (place: string): string | undefined {
  const stats = lstatSync(place, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (!stats.isSocket()) throw new Error(`'${place}' is no socket: it is left alone`)
  return `${stats.dev}:${stats.ino}`
}

/** Whether the place is kept in the file system. A named pipe of Windows is gone with its process. */
export function isFile (place: string): boolean {
  return !place.startsWith('\\\\')
}

/** null: nobody listens there. */
function connectTo (place: string): Promise<Entrance | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(place).unref()
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null)
      else reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      resolve({ kind: 'client', socket })
    })
  })
}

/**
 * Begins to listen under a name of its own, and then gives it the name that others look for, which one process alone can do: from its first
 * moment there, it answers. null: another was faster. `stale`: the file that nobody listens at.
 */
async function claim (place: string, stale: string | undefined, random: Random): Promise<Entrance | null> {
  if (!isFile(place)) return await listen(place).then(server => ({ kind: 'hub' as const, server, file: undefined }), unless('EADDRINUSE'))
  const own = besideOf(place, random().toString(36).slice(2).padEnd(nameLength, '0').slice(0, nameLength))
  const server = await listen(own)
  try {
    chmodSync(own, 0o600)
    if (stale !== undefined && fileAt(place) === stale) unlinkSync(place)
    linkSync(own, place)
    return { kind: 'hub', server, file: fileAt(own) }
  } catch (error) {
    server.close()
    return unless('EEXIST', 'ENOENT')(error)
  } finally {
    rmSync(own, { force: true })
  }
}

/** `exclusive`: or the workers of node:cluster would all listen through their primary. */
function listen (path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().unref()
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function unless (...codes: readonly string[]): (error: unknown) => null {
  return error => {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
