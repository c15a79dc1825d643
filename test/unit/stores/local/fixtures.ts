import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalStore } from '../../../../lib/stores/local/local-store.js'
import { ManualClock } from '../../../support/clock.js'
import { seeded } from '../../../support/random.js'
import type { Server, Socket } from 'node:net'
import type { Test } from 'tap'

/** A place for a hub, and a process that stays: the store would keep none alive. */
export function placeWith (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'fb-'))
  const stay = setInterval(() => {}, 1000)
  t.teardown(() => {
    clearInterval(stay)
    rmSync(folder, { recursive: true })
  })
  return join(folder, 'hub.sock')
}

let seed = 1

/** The store of one process, whose time stands still. */
export function storeAt (t: Test, place: string | (() => string)): { store: LocalStore, clock: ManualClock } {
  const clock = new ManualClock()
  const store = new LocalStore({ place: typeof place === 'string' ? () => place : place, clock, random: seeded(seed++) })
  t.teardown(() => store.close())
  return { store, clock }
}

/** Whoever speaks to the hub without being a store. */
export async function strangerAt (t: Test, place: string): Promise<Socket> {
  const socket = connect(place)
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A hub that does with a connection what the test says. */
export async function fakeHub (t: Test, place: string, serve: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server.listen(place), 'listening')
  return server
}

/** What a process leaves behind that was killed while it was the hub. */
export async function leaveStale (place: string): Promise<void> {
  const server = createServer().listen(`${place}-`)
  await once(server, 'listening')
  renameSync(`${place}-`, place)
  server.close()
  await once(server, 'close')
}
