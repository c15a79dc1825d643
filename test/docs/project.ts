import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, root } from '../support/process.js'
import type { Test } from 'tap'

/** A user's folder, in which this package and those that it is used with are installed. */
export interface Project {
  readonly folder: string
  /** Writes a file, with ports that are free. Gives its path. */
  write (name: string, text: string, ports?: Ports): string
}

/** By the ports that the documents name, those to use instead. */
export type Ports = Readonly<Record<'8080' | '3000' | '6379', number>>

export async function freePorts (): Promise<Ports> {
  return { 8080: await freePort(), 3000: await freePort(), 6379: await freePort() }
}

/** The text of a document with other ports, and never an address that others can reach; what it connects to is on this machine. */
export function placed (text: string, ports: Ports): string {
  const others = new Map(Object.entries(ports))
  return text.replaceAll(/\b10\.0\.0\.\d+(?=:(8080|6379))/g, '127.0.0.1').replaceAll('0.0.0.0', '127.0.0.1')
    .replaceAll(/8080|3000|6379/g, port => String(others.get(port)))
}

export function createProject (t: Test): Project {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-docs-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'fastify-balance'))
  for (const name of ['fastify', '@fastify', '@types', 'ioredis', 'iovalkey', 'redis']) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return {
    folder,
    write (name, text, ports) {
      const path = join(folder, name)
      writeFileSync(path, ports === undefined ? text : placed(text, ports))
      return path
    }
  }
}
