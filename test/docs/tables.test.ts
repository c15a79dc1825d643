// Compares the tables of the documents with the code: nothing is missing, nothing is invented, and the defaults are right.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import * as errors from '../../lib/errors.js'
import { agentSettingsOf } from '../../lib/agent/settings.js'
import { resolveHeartbeat } from '../../lib/heartbeat/options.js'
import { resolveGateway } from '../../lib/options/gateway.js'
import { decide, isCharged } from '../../lib/proxy/failover.js'
import { countsAgainst } from '../../lib/health/counts-against.js'
import { outcomeOf } from '../../lib/proxy/failure.js'
import { strategies } from '../../lib/strategies/index.js'
import { root } from '../support/process.js'
import { codesIn, documents, tablesOf, textOf } from './markdown.js'
import type { AttemptEvent, Circumstances } from '../../lib/proxy/failover.js'
import type { Table } from './markdown.js'

const tables = documents.flatMap(tablesOf)

function tableAfter (intro: string): Table {
  const found = tables.filter(table => table.intro.includes(intro))
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} tables follow: ${intro}`)
  return found[0]
}

function sourceOf (file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest)
}

/** The members that an interface declares itself. */
function membersOf (file: string, name: string): string[] {
  const source = sourceOf(file)
  const declared = source.statements.find(each => ts.isInterfaceDeclaration(each) && each.name.text === name)
  if (declared === undefined || !ts.isInterfaceDeclaration(declared)) throw new Error(`${file} declares no ${name}`)
  return declared.members.map(member => member.name?.getText(source) ?? '')
}

/** The texts that a type allows. */
function unionOf (file: string, name: string): string[] {
  const source = sourceOf(file)
  const declared = source.statements.find(each => ts.isTypeAliasDeclaration(each) && each.name.text === name)
  if (declared === undefined || !ts.isTypeAliasDeclaration(declared) || !ts.isUnionTypeNode(declared.type)) throw new Error(`${file} declares no union ${name}`)
  return declared.type.types.map(each => each.getText(source).replaceAll("'", ''))
}

/** The defaults of a function's options where it takes them apart in its parameter list. */
function parameterDefaultsOf (file: string, name: string): Record<string, unknown> {
  const source = sourceOf(file)
  const declared = source.statements.find(each => ts.isFunctionDeclaration(each) && each.name?.text === name)
  if (declared === undefined || !ts.isFunctionDeclaration(declared)) throw new Error(`${file} declares no function ${name}`)
  const elements = declared.parameters.flatMap(({ name }) => ts.isObjectBindingPattern(name) ? [...name.elements] : [])
  return Object.fromEntries(elements.map(each => [each.name.getText(source), valueOf((each.initializer?.getText(source) ?? '').replaceAll('_', ''))]))
}

const serviceTypes = ['EjectionOptions', 'HealthOptions', 'QueueOptions', 'RetryBudgetOptions', 'StaticNode', 'TlsOptions']
const optionsOf = (name: string): string[] => membersOf(serviceTypes.includes(name) ? 'types/service.ts' : 'types/options.ts', name)
const firstCodes = ({ rows }: Table): string[] => rows.flatMap(([cell = '']) => codesIn(cell))

const valueOf = (code: string): unknown => JSON.parse(code.replaceAll("'", '"'))
const rowOf = ({ rows }: Table, option: string): readonly string[] => rows.find(([cell = '']) => codesIn(cell).includes(option)) ?? []

/** The default in its table, as a value; undefined: it is described in words or empty. */
function defaultIn (table: Table, option: string): unknown {
  const [code] = codesIn(rowOf(table, option)[1] ?? '')
  return code === undefined ? undefined : valueOf(code)
}

/** An option's own options in its row, `{ name: default, … }`, by their names; undefined: no default is given. */
function recordIn (table: Table, option: string): Record<string, unknown> {
  const [, fields = ''] = /^`\{ (.*?) \}`/.exec(rowOf(table, option)[2] ?? '') ?? []
  return Object.fromEntries(fields.split(', ').map(field => {
    const [name = '', code] = field.split(': ')
    return [name, code === undefined ? undefined : valueOf(code)]
  }))
}

/** The options that have options with defaults, where the README has them, what they are called in the types, and what the code makes of none. */
function nestedOptions (): ReadonlyArray<{ readonly option: string, readonly intro: string, readonly type: string, readonly defaults: Record<string, unknown> }> {
  const { balance, ejection, retryBudget, queue, health } = resolveGateway({ defaults: { hedge: {}, health: { path: '/' } } }).defaults
  return [
    { option: 'hedge', intro: 'call:', type: 'HedgeOptions', defaults: { ...balance.hedge } },
    { option: 'ejection', intro: 'Besides those', type: 'EjectionOptions', defaults: { ...ejection } },
    { option: 'retryBudget', intro: 'Besides those', type: 'RetryBudgetOptions', defaults: { ...retryBudget } },
    { option: 'queue', intro: 'Besides those', type: 'QueueOptions', defaults: { ...queue } },
    { option: 'health', intro: 'Besides those', type: 'HealthOptions', defaults: { ...health, path: undefined } }
  ]
}

t.test('each table of options names all of them and no other', async t => {
  const expected: ReadonlyArray<readonly [intro: string, names: readonly string[]]> = [
    ['`app.register(balance, options)` takes:', optionsOf('GatewayOptions')],
    ['call:', optionsOf('BalanceOptions')],
    ['Besides those, `services.<name>` takes:', optionsOf('ServiceOptions')],
    ['`heartbeat` takes:', optionsOf('HeartbeatOptions')],
    ['`app.register(agent, options)` takes:', membersOf('types/agent.ts', 'AgentOptions')],
    ['A call takes the options of balancing, and these:', optionsOf('CallOptions')],
    ['`closeOnSignals(app, options)` takes:', membersOf('types/agent.ts', 'CloseOptions')],
    ['`redisStore(options)` takes:', membersOf('lib/stores/redis.ts', 'RedisStoreOptions')],
    ['`localStore(options)` takes:', membersOf('lib/stores/local/place.ts', 'LocalStoreOptions')],
    ['`ejection` takes:', optionsOf('EjectionOptions')],
    ['`retryBudget` takes:', optionsOf('RetryBudgetOptions')],
    ['`queue` takes:', optionsOf('QueueOptions')],
    ['`health` takes:', optionsOf('HealthOptions')]
  ]
  for (const [intro, names] of expected) t.same(firstCodes(tableAfter(intro)).sort(), [...names].sort(), intro)
})

t.test('options that have options are described with all of them', async t => {
  const readme = textOf('README.md').replaceAll('\n', ' ')
  const rows = [...tableAfter('Besides those').rows, ...tableAfter('`heartbeat` takes:').rows]
  const named = (option: string): string => rows.find(([cell]) => cell === `\`${option}\``)?.join() ?? ''
  t.match(named('nodes'), `{ ${optionsOf('StaticNode').join(', ')} }`)
  t.match(named('tls'), `{ ${optionsOf('TlsOptions').join(', ')} }`)
  t.match(named('secrets'), `{ ${optionsOf('HeartbeatSecret').join(', ')} }`)
  for (const { option, intro, type } of nestedOptions()) t.same(Object.keys(recordIn(tableAfter(intro), option)), optionsOf(type), option)
  for (const name of optionsOf('PressureOptions')) t.match(/`pressure` takes[^.]*\./.exec(readme)?.[0], `\`${name}\``)
  for (const name of optionsOf('OperationsOptions')) t.match(/`operations` takes[^.]*\./.exec(readme)?.[0], `\`${name}\``)
})

t.test('the defaults in the tables are those of the code', async t => {
  const { defaults: { balance, ...service }, operations, warmUpMs } = resolveGateway({})
  const agent = agentSettingsOf({ service: 'any', gateways: ['http://localhost'] })
  const resolved: ReadonlyArray<readonly [intro: string, values: object]> = [
    ['call:', { ...balance, retryOn: [...balance.retryOn], filter: undefined, idempotent: undefined }],
    ['Besides those', { ...service, ejection: undefined, retryBudget: undefined, queue: undefined, tls: undefined }],
    ['`heartbeat` takes:', { ...resolveHeartbeat(undefined, { production: false }), secret: undefined, secrets: [], authenticate: undefined, allow: undefined, services: undefined }],
    ['`app.register(agent, options)` takes:', Object.fromEntries(Object.entries(agent).map(([key, value]) => [key, value ?? undefined]))]
  ]
  for (const [intro, values] of resolved) {
    const table = tableAfter(intro)
    for (const option of firstCodes(table).filter(each => !['service', 'gateways'].includes(each))) {
      t.same(defaultIn(table, option), Object.entries(values).find(([key]) => key === option)?.[1], `${option} in the table after: ${intro}`)
    }
  }
  for (const { option, intro, defaults } of nestedOptions()) t.same(recordIn(tableAfter(intro), option), defaults, `${option}: what is in it by default`)
  for (const { option, defaults } of nestedOptions().filter(each => each.option !== 'hedge')) {
    const table = tableAfter(`\`${option}\` takes:`)
    for (const [name, value] of Object.entries(defaults)) t.same(defaultIn(table, name), value, `${option}.${name} in the table of docs/health.md`)
  }
  t.equal(defaultIn(tableAfter('`app.register(balance, options)` takes:'), 'warmUpMs'), warmUpMs)
  const drainMs = [resolveGateway({ gateways: ['http://localhost'] }).drainMs, resolveGateway({}).drainMs]
  t.equal(rowOf(tableAfter('`app.register(balance, options)` takes:'), 'drainMs')[1], `\`${drainMs[0]}\` with \`store\` or \`gateways\`, else \`${drainMs[1]}\``)
  const closing = tableAfter('`closeOnSignals(app, options)` takes:')
  for (const [name, value] of Object.entries(parameterDefaultsOf('lib/close-on-signals.ts', 'closeOnSignals'))) t.same(defaultIn(closing, name), value, name)
  t.match(textOf('README.md'), `\`prefix\` (default \`'${operations === false ? '' : operations.prefix}'\`)`)
})

t.test('the tables of states and of reasons name all of them, in their order', async t => {
  const tableOf = (header: string): Table => tables.find(each => each.header[0] === header) ?? tableAfter('')
  t.same(firstCodes(tableOf('state')), unionOf('types/node.ts', 'NodeState'))
  t.same(firstCodes(tableOf('reason')), unionOf('types/node.ts', 'ChangeReason'))
})

t.test('the table of strategies names all of them', async t => {
  const table = tables.find(({ header }) => header[0] === '`strategy`')
  t.same(firstCodes(table ?? tableAfter('')).map(name => name.replaceAll("'", '')), Object.keys(strategies))
})

t.test('the table of errors names all of them, with code, status and class', async t => {
  const table = tables.find(({ header }) => header.join() === 'code,status,class,when')
  const documented = table?.rows.map(row => row.slice(0, 3).join(' '))
  const actual = Object.entries(errors).map(([name, Class]) => {
    const { code, statusCode } = Reflect.construct(Class, ['', ''])
    return `\`${code}\` ${statusCode} \`${name}\``
  })
  t.same([...documented ?? []].sort(), actual.sort())
})

t.test('the table of heartbeat answers names the codes of the protocol with their status', async t => {
  const table = tables.find(({ header }) => header.join() === 'status,code,what to do')
  const documented = new Map(table?.rows.flatMap(([status = '', code = '']) => codesIn(code).map((each, index) => [each, Number(status.split(', ')[index])])))
  const refusals = [
    new errors.HeartbeatUnauthorizedError(''), new errors.HeartbeatForbiddenError(''), new errors.HeartbeatSupersededError('', 1),
    new errors.HeartbeatLimitError(''), new errors.HeartbeatInvalidError(''), new errors.HeartbeatClosingError()
  ]
  for (const { code, statusCode } of refusals) t.equal(documented.get(code), statusCode, code)
  t.same([...documented.keys()].filter(code => !refusals.some(refusal => refusal.code === code)), ['FST_ERR_CTP_BODY_TOO_LARGE', 'FST_ERR_CTP_INVALID_MEDIA_TYPE'])
})

t.test('the table of heartbeat fields names all of them', async t => {
  const table = tables.find(({ header }) => header[0] === 'field')
  t.same(firstCodes(table ?? tableAfter('')).sort(), membersOf('types/heartbeat.ts', 'HeartbeatBody').sort())
  t.same(codesIn(table?.rows.find(([cell]) => cell === '`load`')?.[2] ?? '').sort(), membersOf('types/node.ts', 'LoadReport').sort())
})

t.test('the table of app.agent names all of it', async t => {
  const table = tables.find(({ rows }) => rows[0]?.[0] === '`app.agent.id`')
  t.same(firstCodes(table ?? tableAfter('')).map(name => name.replace(/^app\.agent\.(\w+).*$/, '$1')), membersOf('types/agent.ts', 'Agent'))
})

t.test('the table of app.gateway names all of it', async t => {
  const table = tables.find(({ rows }) => rows[0]?.[0] === '`app.gateway.id`')
  t.same(firstCodes(table ?? tableAfter('')).map(name => name.replace(/^app\.gateway\.(\w+).*$/, '$1')), membersOf('types/gateway.ts', 'Gateway'))
})

t.test('the table of failover says what the code decides, row by row', async t => {
  const table = tables.find(({ header }) => header[0] === 'what happened')
  const rows = new Map(table?.rows.map(([what = '', ...cells]) => [what.replace(/:.*$/, '').replaceAll('`', ''), cells]))
  const response = { kind: 'response', isRetryable: false, isDraining: false } as const
  const events: ReadonlyArray<readonly [row: string, event: AttemptEvent]> = [
    ...(['connect', 'stale', 'reset', 'malformed', 'timeout', 'deadline', 'client', 'doubt'] as const).map(failure => [failure, { kind: 'failure', failure }] as const),
    ['a status of retryOn (502, 503, 504)', { ...response, statusCode: 503, isRetryable: true }],
    ['429', { ...response, statusCode: 429 }],
    ['503 with x-balance-draining', { ...response, statusCode: 503, isDraining: true }],
    ['another status', { ...response, statusCode: 404 }]
  ]
  const words = { failover: /^next node/, relay: /^relayed$/, fail: /^(400|502|504)$/, wait: /^waits on$/ }
  for (const [row, event] of events) {
    const [idempotent = '', other = '', counts = '', charged = ''] = rows.get(row) ?? t.fail(`no row: ${row}`) as never
    const usual: Circumstances = { idempotent: true, replayable: true, attemptsLeft: true, wasLimited: false }
    t.match(idempotent, words[decide(event, usual)], `${row}, idempotent`)
    t.match(other, words[decide(event, { ...usual, idempotent: false })], `${row}, other methods`)
    const outcome = event.kind === 'failure' ? outcomeOf(event.failure, new Error(), 1) : { kind: 'response', statusCode: event.statusCode, latencyMs: 1 } as const
    const isBlamed = countsAgainst(outcome) && !(event.kind === 'response' && event.isDraining)
    t.match(counts, isBlamed ? /^yes$/ : /^(no$|if)/, `${row}, counts against the node`)
    const isFailover = decide(event, usual) === 'failover'
    t.equal(charged, isFailover ? isCharged(event) ? 'yes' : 'no' : '', `${row}, charged to the budget`)
  }
  t.same([...rows.keys()].filter(row => !events.some(([name]) => name === row)), ['the response breaks off', 'the client leaves'])
})

t.test('every link leads somewhere', async t => {
  for (const file of documents) {
    for (const [, target = ''] of textOf(file).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const linked = path === '' ? file : join(dirname(file), path)
      t.ok(existsSync(join(root, linked)), `${file}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(linked).includes(anchor), `${file}: ${target}`)
    }
  }
})

/** The anchors that a heading has where Markdown is shown on the web. */
function anchorsOf (file: string): string[] {
  return Array.from(textOf(file).matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'))
}
