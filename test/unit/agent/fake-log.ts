import type { FastifyBaseLogger } from 'fastify'

export interface LogLine {
  readonly level: string
  readonly fields: Record<string, unknown>
  readonly message: string
}

/** A logger that keeps what it is told. */
export function keptLog (): { log: FastifyBaseLogger, lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => lines.push({ level, fields, message })
  const log = {
    level: 'trace',
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    silent: () => {},
    child: () => log
  } as unknown as FastifyBaseLogger
  return { log, lines }
}
