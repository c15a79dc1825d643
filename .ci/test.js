// Runs tap and shows what a person wants to see of it: a line per file, the whole of a failure, what is skipped, the gaps in coverage, the counts.
// With arguments only those test files or folders run, and coverage is not judged.
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { uncovered } from './coverage.js'

process.chdir(join(import.meta.dirname, '..'))
const files = process.argv.slice(2).map(path => statSync(path, { throwIfNoEntry: false })?.isDirectory() ? `${path}/**/*.test.ts` : path)
const counts = { pass: 0, fail: 0, skip: 0, todo: 0 }

const passed = await runTap()
const gaps = passed && files.length === 0 ? uncovered() : []
for (const gap of gaps) console.log(`not covered: ${gap}`)

const failed = Math.max(counts.fail + gaps.length, passed ? 0 : 1)
const skipped = counts.skip + counts.todo
console.log(`${counts.pass} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

async function runTap () {
  const tap = spawn(process.execPath, ['node_modules/tap/dist/esm/run.mjs', '--reporter=tap', '--no-color', ...files], { stdio: ['ignore', 'pipe', 'inherit'] })
  const code = new Promise(resolve => tap.once('close', resolve))
  let lines = []
  for await (const line of createInterface({ input: tap.stdout })) {
    lines.push(line)
    if (/^(not )?ok /.test(line)) lines = showFile(lines)
    if (line === '  ...') lines = showExit(lines)
    const total = /^# \{ (.*) \}$/.exec(line)
    for (const [, name, count] of total?.[1].matchAll(/(\w+): (\d+)/g) ?? []) counts[name] = Number(count)
  }
  return await code === 0
}

// The lines of a test file come first, its verdict last.
function showFile (lines) {
  const verdict = lines.at(-1)
  const wanted = verdict.startsWith('ok ')
    ? lines.filter(line => / # (SKIP|TODO)/.test(line))
    : lines.filter(line => !/^\s*(ok \d|\d+\.\.\d|# Subtest|TAP version|$)/.test(line))
  console.log([...wanted.filter(line => line !== verdict), verdict].join('\n'))
  return []
}

// What tap says of a failed file as a whole follows its verdict.
function showExit (lines) {
  for (const line of lines.filter(each => /^ {2}(exitCode|signal): (?!null)/.test(each))) console.log(line)
  return []
}
