import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { besideOf, nameLength, placeOf, resolvePlace } from '../../../../lib/stores/local/place.js'
import type { Test } from 'tap'

/** Lets temporary files be elsewhere. Gives the directory of this user in it, which does not exist yet. */
function withTmpdir (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'fb-'))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    rmSync(folder, { recursive: true })
  })
  return join(folder, `fastify-balance-${process.getuid?.()}`)
}

test('placeOf — is the same for the same namespace, and another for another', async t => {
  const folder = withTmpdir(t)
  const place = placeOf(resolvePlace({ namespace: 'a' }))
  t.match(place, /^\/.*\/fastify-balance-\d+\/[0-9a-f]{16}\.sock$/)
  t.ok(place.startsWith(folder))
  t.equal(placeOf(resolvePlace({ namespace: 'a' })), place)
  t.not(placeOf(resolvePlace({ namespace: 'b' })), place)
  t.equal(placeOf(resolvePlace({})), placeOf(resolvePlace({ namespace: process.cwd() })), 'the working directory by default')
})

test('placeOf — makes a directory that nobody else may enter, and takes no other', async t => {
  const folder = withTmpdir(t)
  const place = (): string => placeOf(resolvePlace({ namespace: 'a' }))
  place()
  t.equal(lstatSync(folder).mode & 0o777, 0o700)
  t.doesNotThrow(place, 'it may be there already')

  for (const mode of [0o755, 0o770, 0o701, 0o1777]) {
    chmodSync(folder, mode)
    t.throws(place, { code: 'FST_BALANCE_OPTION', message: /must be a directory of this user that nobody else may enter/ }, mode.toString(8))
  }
  rmSync(folder, { recursive: true })
  mkdirSync(`${folder}-elsewhere`, { mode: 0o700 })
  symlinkSync(`${folder}-elsewhere`, folder)
  t.throws(place, { code: 'FST_BALANCE_OPTION' }, 'a link to one')
  rmSync(folder)
  writeFileSync(folder, '', { mode: 0o600 })
  t.throws(place, 'a file')
})

test('placeOf — refuses the directory of another user', async t => {
  const folder = withTmpdir(t)
  placeOf(resolvePlace({}))
  const { getuid } = process
  if (getuid === undefined) return t.plan(0, 'there are no user ids')
  t.teardown(() => { process.getuid = getuid })
  const other = getuid() + 1
  process.getuid = () => other
  mkdirSync(folder.replace(/\d+$/, String(other)), { mode: 0o700 })
  t.throws(() => placeOf(resolvePlace({})), { code: 'FST_BALANCE_OPTION', message: /of this user/ })
})

test('placeOf — takes a path as it is, if a socket can have it', async t => {
  t.equal(placeOf(resolvePlace({ path: '/nowhere/at/all.sock' })), '/nowhere/at/all.sock')
  t.equal(placeOf(resolvePlace({ path: 'hub.sock' })), join(process.cwd(), 'hub.sock'))
  const folder = `/${'x'.repeat(103 - 2 - nameLength)}`
  t.doesNotThrow(() => placeOf(resolvePlace({ path: `${folder}/${'y'.repeat(nameLength)}` })))
  t.throws(() => placeOf(resolvePlace({ path: `${folder}/${'y'.repeat(nameLength + 1)}` })), { code: 'FST_BALANCE_OPTION', message: /may have 103 bytes, .* needs 104/ })
  t.throws(() => placeOf(resolvePlace({ path: `${folder}x/y` })), /needs 104/, 'a hub has another name beside it at first')
  t.throws(() => placeOf(resolvePlace({ path: `/${'ä'.repeat(52)}` })), /needs 105/, 'bytes count')
})

test('placeOf — is a named pipe on Windows', async t => {
  t.match(placeOf(resolvePlace({ namespace: 'a' }), 'win32'), /^\\\\\.\\pipe\\fastify-balance-[0-9a-f]{16}$/)
  t.equal(placeOf(resolvePlace({ path: '\\\\.\\pipe\\mine' }), 'win32'), '\\\\.\\pipe\\mine')
})

test('resolvePlace — checks what it is given', async t => {
  for (const options of [{ namespace: '' }, { namespace: 1 }, { path: '' }, { path: null }, { port: 1 }, null, 'x']) {
    t.throws(() => resolvePlace(options as object), { code: 'FST_BALANCE_OPTION' }, JSON.stringify(options))
  }
  t.same(resolvePlace({}), { namespace: process.cwd(), path: null })
})

test('besideOf — is in the same directory', async t => {
  t.equal(besideOf('/a/b.sock', 'c'), '/a/c')
})
