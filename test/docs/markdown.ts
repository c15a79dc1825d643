import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/process.js'

/** A fenced block of a document. */
export interface Block {
  readonly file: string
  readonly line: number
  /** What stands behind the fence. */
  readonly language: string
  readonly text: string
}

/** A table of a document: its cells, without the row of dashes. */
export interface Table {
  readonly file: string
  readonly header: readonly string[]
  readonly rows: ReadonlyArray<readonly string[]>
  /** The last line of text before it. */
  readonly intro: string
}

/** All that is documented, by path. */
export const documents: readonly string[] = ['README.md', ...readdirSync(join(root, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)]

export function textOf (file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function blocksOf (file: string): Block[] {
  const lines = textOf(file).split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, language] = /^```(.*)$/.exec(lines[at] ?? '') ?? []
    if (language === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end === -1) throw new Error(`${file}:${at + 1}: the block does not end`)
    blocks.push({ file, line: at + 1, language, text: lines.slice(at + 1, end).join('\n') })
    at = end
  }
  return blocks
}

export function tablesOf (file: string): Table[] {
  const lines = textOf(file).split('\n')
  const isRow = (at: number): boolean => lines[at]?.startsWith('|') === true
  const starts = [...lines.keys()].filter(at => isRow(at) && !isRow(at - 1))
  return starts.map(start => {
    let end = start
    while (isRow(end)) end++
    const [header = [], , ...rows] = lines.slice(start, end).map(cellsOf)
    return { file, header, rows, intro: lines.slice(0, start).findLast(line => line !== '') ?? '' }
  })
}

/** A `|` inside of a cell is written `\|`. */
function cellsOf (row: string): string[] {
  return row.split(/(?<!\\)\|/).slice(1, -1).map(cell => cell.trim().replaceAll('\\|', '|'))
}

/** What stands in backquotes in a cell. */
export function codesIn (cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code)
}
