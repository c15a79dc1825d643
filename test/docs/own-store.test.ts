// The store that the documents show is one: it passes the suite that those of this package pass.
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { storeContract } from '../support/store-contract.js'
import { blocksOf } from './markdown.js'
import { createProject } from './project.js'
import type { RegistryStore } from '../../types/store.js'

interface Data { epoch: string, readonly leases: Map<string, unknown>, readonly drains: Map<string, unknown>, readonly gateways: Map<string, unknown> }
interface Shown {
  readonly Tables: new () => Data
  readonly TableStore: new (tables: Data) => RegistryStore
}

const [block] = blocksOf('docs/several-gateways.md').filter(({ text }) => text.includes('class TableStore'))
const { outputText } = ts.transpileModule(block?.text ?? '', { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } })
const path = createProject(t).write('own-store.js', outputText)
const { Tables, TableStore }: Shown = await import(pathToFileURL(path).href)

storeContract(t, 'the store in docs/several-gateways.md', () => {
  const tables = new Tables()
  return {
    open: async () => new TableStore(tables),
    clear: async () => { Object.assign(tables, new Tables()) },
    pass: ms => sleep(ms)
  }
})
