import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { isQuiet, start } from '../support/process.js'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
// Outside the repository, or its node_modules would be found.
const consumer = mkdtempSync(join(tmpdir(), 'fastify-balance-consumer-'))
// tap puts its loader into NODE_OPTIONS; a consumer has none.
const env = { ...process.env, NODE_OPTIONS: '', npm_config_prefer_offline: 'true', npm_config_ignore_scripts: 'true' }

t.setTimeout(600_000)
t.teardown(() => rmSync(consumer, { recursive: true, force: true }))

async function output (command: string, args: readonly string[], cwd: string = consumer): Promise<string> {
  const { stdout } = await run(command, args, { cwd, env, timeout: 100_000, maxBuffer: 2 ** 24 }).catch(error => {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error })
  })
  return stdout
}

const bin = (path: string): string => join(root, 'node_modules', path)
const versionOf = (name: string): string => JSON.parse(readFileSync(bin(`${name}/package.json`), 'utf8')).version

await output(process.execPath, [join(root, '.ci/ready.js')])
const [packed] = JSON.parse(await output('npm', ['pack', '--json', '--pack-destination', consumer], root))
const tarball = join(consumer, packed.filename)
const installed = ['fastify', '@types/node'].map(name => `${name}@${versionOf(name)}`)
writeFileSync(join(consumer, 'package.json'), '{ "private": true }')
await output('npm', ['install', ...installed, tarball])
cpSync(join(import.meta.dirname, 'consumer'), consumer, { recursive: true })

t.test('the tarball holds what users need and nothing else', async t => {
  const paths: string[] = packed.files.map((file: { path: string }) => file.path)
  const surplus = paths.filter(path => !/^(dist\/(esm|cjs)\/|docs\/|examples\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md)$)/.test(path) || /\b(test|bench)\b/.test(path))
  t.same(surplus, [])
  for (const path of ['LICENSE', 'dist/esm/index.js', 'dist/esm/index.d.ts', 'dist/cjs/index.js', 'dist/cjs/lib/agent.d.ts', 'examples/several-gateways/gateway.js']) t.ok(paths.includes(path), path)
})

t.test('publint and attw have no objection', async t => {
  await output(process.execPath, [bin('publint/src/cli.js'), 'run', tarball, '--strict'])
  await output(process.execPath, [bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--no-definitely-typed', '--no-color', '--no-emoji'])
  t.end()
})

t.test('the example starts where the package is installed, and balances a request', async t => {
  const file = 'node_modules/fastify-balance/examples/start.js'
  t.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(`node ${file}`), 'as the README says')
  const program = start(t, { name: 'the example', run: [process.execPath, file], cwd: consumer, env: { PORT: '0' } })
  const [, address = ''] = await program.line(/^ {2}gateway +(http:\S+)/, 25_000)
  t.match(await (await fetch(`${address}/hello`)).json(), { service: 'hello', url: '/hello' })
  program.send('SIGTERM')
  t.same(await program.exited, { code: 0, signal: null })
  isQuiet(t, program)
})

const works = ['true true FST_BALANCE_NO_NODE', '200 GET /users/1?a=b', 'up', 'function', ''].join('\n')

t.test('an ES module and a CommonJS module load it and balance a request', async t => {
  t.equal(await output(process.execPath, ['import.mjs']), works)
  t.equal(await output(process.execPath, ['require.cjs']), works)
})

t.test('a strict TypeScript app compiles against it, be it CommonJS or ES modules, however it resolves them', async t => {
  for (const type of ['commonjs', 'module']) {
    mkdirSync(join(consumer, type))
    writeFileSync(join(consumer, type, 'package.json'), JSON.stringify({ type }))
    cpSync(join(consumer, 'typed.ts'), join(consumer, type, 'typed.ts'))
  }
  for (const [module, moduleResolution] of [['node16', 'node16'], ['nodenext', 'nodenext'], ['esnext', 'bundler']] as const) {
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: false, target: 'es2022', types: ['node'], module, moduleResolution }
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['commonjs/typed.ts', 'module/typed.ts'] }))
    t.equal(await output(process.execPath, [bin('typescript/bin/tsc'), '-p', '.']), '', moduleResolution)
  }
})

t.test('the licences of all that is installed with it let it be used', async t => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { license?: string, dev?: boolean }> }
  const unusual = Object.entries(packages).filter(([, { dev, license = 'none' }]) => dev !== true && !/^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0)$/.test(license))
  t.same(unusual.map(([path, { license }]) => `${path}: ${license}`), [])
})
