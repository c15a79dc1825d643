// Builds dist, as ES modules and as CommonJS: beside the old one first, then in its place, so that a build that fails or is watched changes nothing by halves.
import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

process.chdir(join(import.meta.dirname, '..'))
const next = `node_modules/.dist-${process.pid}`

// Written first: its time is what .ci/ready.js compares with that of the sources.
mkdirSync(`${next}/cjs`, { recursive: true })
writeFileSync(`${next}/cjs/package.json`, '{"type":"commonjs"}\n')

const builds = await Promise.all([tsc('tsconfig.build.json', 'esm'), tsc('tsconfig.cjs.json', 'cjs')])
for (const line of new Set(builds.flatMap(build => build.lines))) console.log(line)
process.exitCode = Math.max(...builds.map(build => build.code))
if (process.exitCode === 0) {
  rmSync('dist', { recursive: true, force: true })
  renameSync(next, 'dist')
}
rmSync(next, { recursive: true, force: true })

async function tsc (config, folder) {
  const child = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', config, '--outDir', `${next}/${folder}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const code = new Promise(resolve => child.once('close', code => resolve(code ?? 1)))
  const lines = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  return { lines, code: await code }
}
