import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const none = /^$/
const any = /./

// Imports point down. A unit is a folder of lib, or a file directly in it; everything may import types.
const table: Record<string, { imports: string, packages: RegExp }> = {
  types: { imports: '', packages: /^(fastify|node:http)$/ },
  errors: { imports: '', packages: /^@fastify\/error$/ },
  clock: { imports: '', packages: /^node:perf_hooks$/ },
  peer: { imports: '', packages: /^node:net$/ },
  pressure: { imports: 'check errors', packages: /^(fastify|@fastify\/under-pressure)$/ },
  check: { imports: 'errors', packages: none },
  strategies: { imports: '', packages: none },
  node: { imports: 'check errors', packages: none },
  options: { imports: 'check errors node strategies', packages: /^node:net$/ },
  registry: { imports: 'errors node strategies', packages: none },
  health: { imports: 'errors node strategies', packages: any },
  heartbeat: { imports: 'check errors peer registry health node', packages: any },
  proxy: { imports: 'check errors peer options registry health node strategies', packages: any },
  discovery: { imports: '', packages: /^node:(dns|net)$/ },
  stores: { imports: 'limited check clock errors registry health node', packages: any },
  sync: { imports: 'limited check errors node registry', packages: /^node:os$/ },
  limited: { imports: '', packages: none },
  within: { imports: '', packages: none },
  'further-servers': { imports: '', packages: /^node:net$/ },
  life: { imports: 'further-servers within', packages: /^(fastify|node:http|node:net)$/ },
  operations: { imports: 'check clock errors peer pressure registry health node strategies sync', packages: any },
  gateway: { imports: 'check clock discovery errors health heartbeat life node operations options peer pressure proxy registry strategies sync', packages: any },
  'close-on-signals': { imports: 'check clock', packages: /^(fastify|node:os)$/ },
  agent: { imports: 'further-servers within check clock close-on-signals errors heartbeat node peer pressure', packages: any },
  index: { imports: 'agent close-on-signals errors gateway strategies', packages: none }
}

// What a file must not reach, not even through the files that it imports.
const unreachable = [
  { from: /^lib\/(node|strategies|registry)\//, to: /^types\/(options|fastify|index)\.ts$/, why: 'it never sees options or HTTP' },
  { from: /^lib\/agent(\/|\.ts$)/, to: /^lib\/gateway\.ts$|^lib\/(options|registry|proxy|operations|strategies|health|stores)\/|^lib\/heartbeat\/(?!signature\.ts)|reply-from/, why: "it never sees the gateway's side" }
]

const words = [
  { word: /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b/, only: /^lib\/clock\.ts$/, instead: 'take the time from a Clock' },
  { word: /\bset(Timeout|Interval|Immediate)\b|timers\/promises/, only: /^lib\/clock\.ts$/, instead: 'take `after` and `every` from a Clock' },
  { word: /\bMath\.random\b/, only: /^lib\/(clock|strategies\/index)\.ts$/, instead: 'take a Random as an argument' },
  { word: /\bsystem(Clock|Random)\b/, only: /^lib\/(clock|gateway|agent|close-on-signals|stores\/(redis|local))\.ts$/, instead: 'take it as an argument' },
  { word: /\bconsole\./, only: none, instead: 'take a logger' },
  { word: /\bimport \{[^}]*\bwritable\b[^}]*\}/, only: /^lib\/(registry\/.*|proxy\/attempt|health\/outlier)\.ts$/, instead: "ask an owner of the node's facts" }
]

const files = ['index.ts', ...['lib', 'types'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => `${folder}/${name}`))]
const texts = new Map(files.map(file => [file, readFileSync(file, 'utf8')]))
const codeOf = (file: string): string => (texts.get(file) ?? '').replace(/(?<=^|\s)(\/\*.*?\*\/|\/\/.*?$)/gms, '')
const importsOf = (file: string): string[] => [...codeOf(file).matchAll(/\b(?:from|import)\s*\(?'([^']+)'/g)].map(([, target = '']) =>
  target.startsWith('.') ? join(dirname(file), target).replace(/\.js$/, '.ts') : target)
const unitOf = (file: string): string => file.startsWith('types/') ? 'types' : file.replace(/^lib\//, '').replace(/(\/.*|\.ts)$/, '')

function reachedFrom (file: string, reached: Set<string> = new Set()): Set<string> {
  for (const target of importsOf(file).filter(each => !reached.has(each))) reachedFrom(target, reached.add(target))
  return reached
}

t.test('every import points down', t => {
  for (const file of files) {
    const unit = unitOf(file)
    const row = table[unit]
    if (row === undefined) throw new Error(`${file}: '${unit}' has no row in the table of imports`)
    const allowed = [unit, 'types', ...row.imports.split(' ')]
    const wrong = importsOf(file).filter(target => texts.has(target) ? !allowed.includes(unitOf(target)) : !row.packages.test(target))
    t.same(wrong.map(target => `${file} must not import ${texts.has(target) ? `lib/${unitOf(target)}` : target}`), [], `${file} imports what it may`)
  }
  t.end()
})

t.test('some things are out of reach, also through others', t => {
  for (const { from, to, why } of unreachable) {
    for (const file of files.filter(each => from.test(each))) {
      const wrong = [...reachedFrom(file)].filter(target => to.test(target))
      t.same(wrong.map(target => `${file} must not reach ${target}: ${why}`), [], `${file}: ${why}`)
    }
  }
  t.end()
})

t.test('time, chance, output and the facts of a node come from where they are given out', t => {
  for (const { word, only, instead } of words) {
    const wrong = files.filter(file => !only.test(file) && word.test(codeOf(file)))
    t.same(wrong.map(file => `${file} must not use ${word.exec(codeOf(file))?.[0]}: ${instead}`), [], instead)
  }
  t.end()
})

t.test('no file is longer than 250 lines', t => {
  const lengthOf = (file: string): number => (texts.get(file) ?? '').trimEnd().split('\n').length
  t.same(files.filter(file => lengthOf(file) > 250).map(file => `${file} has ${lengthOf(file)} lines: it holds more than one thing`), [])
  t.end()
})

t.test('types contains no code', t => {
  const emitted = (file: string): string => ts.transpileModule(codeOf(file), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 } }).outputText
  t.same(files.filter(file => file.startsWith('types/') && emitted(file).trim() !== 'export {};'), [])
  t.end()
})
