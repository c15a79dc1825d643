import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fieldsOf, text } from '../../check.js'
import { OptionError } from '../../errors.js'
import { protocolVersion } from './protocol.js'

/** Where the processes of one machine meet. */
export interface LocalStoreOptions {
  /** Processes with the same one share. Default: the working directory of the process. */
  readonly namespace?: string
  /** The socket, where the default does not do: a file in an existing directory, that only those may write to who may take part. Default: by the namespace, in a directory of this user. */
  readonly path?: string
}

/** What an address of a Unix socket holds, with the 0 at its end on the systems where it is shortest. */
const maxPathBytes = 103

const rules = fieldsOf<Required<LocalStoreOptions>>({ namespace: text(), path: text() })

/** What `localStore` was given, complete. */
export interface ResolvedPlace {
  readonly namespace: string
  /** null: by the namespace. */
  readonly path: string | null
}

/** Checks the options. Throws `FST_BALANCE_OPTION`. */
export function resolvePlace (options: LocalStoreOptions): ResolvedPlace {
  const { namespace = process.cwd(), path = null } = rules(options, '')
  return Object.freeze({ namespace, path: path === null || path.startsWith(pipePrefix) ? path : resolve(path) })
}

/** The address of the socket, in a directory that is there and safe. Throws `FST_BALANCE_OPTION`. */
export function placeOf ({ namespace, path }: ResolvedPlace, platform: string = process.platform): string {
  const user = process.getuid?.() ?? userInfo().username
  const name = createHash('sha256').update(JSON.stringify([protocolVersion, user, namespace])).digest('hex').slice(0, 16)
  if (platform === 'win32') return path ?? `${pipePrefix}fastify-balance-${name}`
  const folder = join(tmpdir(), `fastify-balance-${user}`)
  const place = path ?? join(folder, `${name}.sock`)
  // A hub listens under a name of its own first, beside it.
  const longest = Math.max(...[place, besideOf(place, 'x'.repeat(nameLength))].map(each => Buffer.byteLength(each)))
  if (longest > maxPathBytes) throw new OptionError(`the path of a socket may have ${maxPathBytes} bytes, '${place}' needs ${longest}: give a shorter option 'path', or a shorter TMPDIR`)
  if (path === null) ensureOwn(folder)
  return place
}

/** Where named pipes of Windows are. */
const pipePrefix = '\\\\.\\pipe\\'

/** How long the name is that a socket has before it is put in its place. */
export const nameLength = 10

/** Another file in the directory of a place. */
export function besideOf (place: string, name: string): string {
  return join(dirname(place), name)
}

/** Others of this machine must not put a socket of theirs there: they would be told everything. */
function ensureOwn (folder: string): void {
  mkdirSync(folder, { mode: 0o700, recursive: true })
  const stats = lstatSync(folder)
  const isOwn = stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
  if (!isOwn) throw new OptionError(`'${folder}' must be a directory of this user that nobody else may enter (mode 0700): set it right, or give option 'path'`)
}
