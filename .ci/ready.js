// Makes a fresh clone ready: installs what package-lock.json names and builds dist, each only when it is missing or out of date.
import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

process.chdir(join(import.meta.dirname, '..'))

const sources = ['index.ts', 'lib', 'types', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.cjs.json']

// A linked node_modules belongs to another checkout: `npm ci` would empty it there.
const linked = lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink() ?? false
if (!linked && changedAt('node_modules/.package-lock.json') < changedAt('package-lock.json')) {
  npm('ci', '--ignore-scripts', '--include=dev')
}
if (changedAt('dist/cjs/package.json') < Math.max(...sources.map(newestIn))) {
  npm('run', 'build')
}

// A folder counts by itself too: it changes when a file in it is deleted.
function newestIn (path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map(name => newestIn(join(path, name))))
}

function changedAt (path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function npm (...args) {
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}
