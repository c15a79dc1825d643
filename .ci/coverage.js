// The pure parts of lib are covered whole: every line, branch and function. Elsewhere real processes are the proof, and V8 does not see into them.
import { readFileSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'

const pure = /^lib\/(node|strategies|health|registry)\/|^lib\/proxy\/(attempt|budget|candidates|failover|failure|chances|capacity|queue|race|retry-after|trickle)\.ts$/
// A file of types alone is never loaded.
const code = /^export (?!type|interface)/m

/** What of the pure parts the last run of tap did not cover, as `lib/node/state.ts: lines 12, 14-20`. */
export function uncovered () {
  const report = new Map(Object.values(JSON.parse(readFileSync('.tap/report/coverage-final.json', 'utf8')))
    .map(file => [relative('.', file.path), file]))
  return readdirSync('lib', { recursive: true })
    .map(name => `lib/${name}`)
    .filter(path => pure.test(path) && path.endsWith('.ts') && code.test(readFileSync(path, 'utf8')))
    .flatMap(path => report.has(path) ? gapsOf(path, report.get(path)) : `${path}: no test loads it`)
}

function gapsOf (path, { s, statementMap, b, branchMap, f, fnMap }) {
  const lines = new Set([
    ...Object.keys(s).filter(key => s[key] === 0).map(key => statementMap[key].start.line),
    ...Object.keys(b).filter(key => b[key].includes(0)).map(key => branchMap[key].loc.start.line),
    ...Object.keys(f).filter(key => f[key] === 0).map(key => fnMap[key].loc.start.line)
  ])
  const runs = [...lines].sort((a, b) => a - b).reduce((all, line) => {
    if (all.at(-1)?.at(-1) !== line - 1) return [...all, [line]]
    all.at(-1).push(line)
    return all
  }, [])
  return runs.length === 0 ? [] : [`${path}: lines ${runs.map(run => run.length === 1 ? run[0] : `${run[0]}-${run.at(-1)}`).join(', ')}`]
}
