import { test } from 'tap'
import { send, until } from '../../support/client.js'
import { gatewayWith } from '../../support/gateway.js'
import { hanging, refusingOrigin, saying, startUpstream } from '../../support/upstream.js'
import { answering, startWorker } from '../../support/worker.js'
import type { GatewayFixture } from '../../support/gateway.js'
import type { Handler } from '../../support/worker.js'
import type { HealthOptions } from '../../../types/index.js'

const health: HealthOptions = { path: '/health', intervalMs: 100, timeoutMs: 200 }

/** A node whose checks are answered as the test says, and all else with its name. */
function checkedAs (checks: { status: number }, name: string): Handler {
  return (request, response) => {
    response.statusCode = request.url === '/health' ? checks.status : 200
    response.end(name)
  }
}

const stateOf = ({ app }: GatewayFixture, id: string): unknown => app.registry.nodes('things').find(each => each.id === id)?.state

/** What the registry tells of a node from now on. */
function changesOf ({ app }: GatewayFixture, id: string): string[] {
  const changes: string[] = []
  app.registry.onChange(change => { if (change.id === id) changes.push(`${String(change.from)}>${String(change.to)} ${change.reason}`) })
  return changes
}

const checksOf = (urls: readonly string[]): number => urls.filter(url => url === '/health').length

test('a static node that was never reachable — is taken out at the first check, and no request goes there', async t => {
  const b = await startWorker(t, answering(200, 'b'))
  const gateway = await gatewayWith(t, { nodes: { a: await refusingOrigin(t), b: b.origin }, health: { ...health, fall: 100 } })
  const changes = changesOf(gateway, 'a')
  await until('the first check', () => stateOf(gateway, 'a') === 'ejected')
  t.same(changes, ['up>ejected check-failed'])
  for (let count = 0; count < 3; count++) t.match(await send(gateway.origin, { method: 'POST' }), { status: 200, text: 'b' })
  t.same(gateway.trace, ['b/200', 'b/200', 'b/200'])
})

test('a node comes back after `rise` good checks, through slow start where the gateway is old enough', async t => {
  const checks = { status: 500 }
  const [a, b] = [await startWorker(t, checkedAs(checks, 'a')), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, health: { ...health, rise: 3 }, slowStartMs: 300 })
  const changes = changesOf(gateway, 'a')
  await until('the first check', () => stateOf(gateway, 'a') === 'ejected')
  await new Promise(resolve => setTimeout(resolve, 400))
  const before = checksOf(a.urls)
  checks.status = 204
  await until('the return', () => stateOf(gateway, 'a') !== 'ejected')
  t.ok(checksOf(a.urls) - before >= 3, `${checksOf(a.urls) - before} checks`)
  await until('the end of slow start', () => changes.length === 3)
  t.same(changes, ['up>ejected check-failed', 'ejected>warming check-passed', 'warming>up warmed-up'])
  t.match(await send(gateway.origin), { text: 'a' })
})

test('a node that worked is taken out after `fall` bad checks in a row — not before', async t => {
  const checks = { status: 200 }
  const [a, b] = [await startWorker(t, checkedAs(checks, 'a')), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, health: { ...health, fall: 3 } })
  await until('a check', () => checksOf(a.urls) > 0)
  await new Promise(resolve => setTimeout(resolve, 50))
  const before = checksOf(a.urls)
  checks.status = 500
  await until('the second bad check', () => checksOf(a.urls) >= before + 2)
  t.equal(stateOf(gateway, 'a'), 'up')
  await until('the end', () => stateOf(gateway, 'a') === 'ejected')
  t.match(await send(gateway.origin), { text: 'b' })
})

test('what passes a check — a status from 200 to 399 in time, and nothing else', async t => {
  const rows: ReadonlyArray<readonly [name: string, origin: string, state: string]> = [
    ...await Promise.all([200, 204, 301, 399].map(async status => [`s${status}`, (await startWorker(t, answering(status))).origin, 'up'] as const)),
    ...await Promise.all([400, 404, 429, 500, 503].map(async status => [`s${status}`, (await startWorker(t, answering(status))).origin, 'ejected'] as const)),
    ['hanging', (await startUpstream(t, hanging)).origin, 'ejected'],
    ['garbage', (await startUpstream(t, saying('garbage'))).origin, 'ejected'],
    ['refusing', await refusingOrigin(t), 'ejected']
  ]
  const gateway = await gatewayWith(t, { nodes: Object.fromEntries(rows.map(([name, origin]) => [name, origin])), health })
  await until('the checks', () => gateway.app.registry.nodes('things').filter(({ state }) => state === 'ejected').length === 8)
  await new Promise(resolve => setTimeout(resolve, 300))
  t.same(gateway.app.registry.nodes('things').map(({ id, state }) => [id, state]), rows.map(([name, , state]) => [name, state]))
})

test('a check closes its connection — and no two of a node run at once', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, health: { ...health, timeoutMs: 150 } })
  await until('the third check', () => a.connections.length >= 3)
  t.ok(a.connections.slice(0, -1).every(({ socket }) => socket.destroyed), 'only the last one is open')
  t.equal(stateOf(gateway, 'a'), 'ejected')
})

test('nodes with heartbeats are not checked — those without are, however they came', async t => {
  const [leased, lasting] = [await startWorker(t), await startWorker(t)]
  const gateway = await gatewayWith(t, { health })
  gateway.app.registry.renew({ service: 'things', id: 'leased', origin: leased.origin }, 60_000)
  gateway.app.registry.renew({ service: 'things', id: 'lasting', origin: lasting.origin })
  await until('two checks', () => checksOf(lasting.urls) >= 2)
  t.same(leased.urls, [])
})

test('without `health` nobody is checked', async t => {
  const a = await startWorker(t)
  await gatewayWith(t, { nodes: { a: a.origin } })
  await new Promise(resolve => setTimeout(resolve, 400))
  t.same(a.urls, [])
})

test('the checks of a node end with it', async t => {
  const [a, b] = [await startWorker(t), await startWorker(t)]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, health })
  await until('the first checks', () => checksOf(a.urls) > 0 && checksOf(b.urls) > 0)
  gateway.app.registry.remove('things', 'a')
  await new Promise(resolve => setTimeout(resolve, 50))
  const [before, beforeOfB] = [checksOf(a.urls), checksOf(b.urls)]
  await until('further checks of the other', () => checksOf(b.urls) >= beforeOfB + 4)
  t.equal(checksOf(a.urls), before)
})

test('the checks end with the app', async t => {
  const a = await startWorker(t)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, health })
  await until('the first check', () => checksOf(a.urls) > 0)
  await gateway.app.close()
  const before = checksOf(a.urls)
  await new Promise(resolve => setTimeout(resolve, 400))
  t.equal(checksOf(a.urls), before)
})

test('an app may close while a check waits for its answer', async t => {
  const a = await startUpstream(t, hanging)
  const gateway = await gatewayWith(t, { nodes: { a: a.origin }, health: { ...health, timeoutMs: 60_000 } })
  await until('the check', () => a.heads === 1)
  await gateway.app.close()
  await until('the close of its connection', () => a.connections[0]?.socket.destroyed === true)
  t.equal(a.heads, 1)
})

test('a request that waits for a node that fails its checks — goes elsewhere at once', async t => {
  const checks = { status: 200 }
  const [a, b] = [await startWorker(t, (request, response) => { if (request.url === '/health') checkedAs(checks, 'a')(request, response) }), await startWorker(t, answering(200, 'b'))]
  const gateway = await gatewayWith(t, { nodes: { a: a.origin, b: b.origin }, health })
  await until('a check', () => checksOf(a.urls) > 0)
  const answer = send(gateway.origin, { withinMs: 2000 })
  await until('the request', () => a.urls.includes('/'))
  checks.status = 500
  t.match(await answer, { status: 200, text: 'b' })
})
