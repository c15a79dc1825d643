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
export type Ports = Readonly<Record<'8080' | '3000', number>>

export async function freePorts (): Promise<Ports> {
  return { 8080: await freePort(), 3000: await freePort() }
}

/** The text of a document with other ports, and never an address that others can reach. */
export function placed (text: string, ports: Ports): string {
  return text.replaceAll('8080', String(ports[8080])).replaceAll('3000', String(ports[3000])).replaceAll('0.0.0.0', '127.0.0.1')
}

export function createProject (t: Test): Project {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-balance-docs-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'fastify-balance'))
  for (const name of ['fastify', '@fastify', '@types']) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
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
