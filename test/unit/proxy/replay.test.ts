import { PassThrough, Readable } from 'node:stream'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { ReplayBody } from '../../../lib/proxy/replay.js'
import type { ReplayMemory } from '../../../lib/proxy/replay.js'

const memoryOf = (limitBytes: number = 1000): ReplayMemory => ({ usedBytes: 0, limitBytes })

async function textOf (stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

/** Reads until as many bytes have come, and stops. */
async function take (stream: Readable, bytes: number): Promise<string> {
  let text = ''
  while (text.length < bytes) {
    const chunk = stream.read()
    if (chunk === null) await once(stream, 'readable')
    else text += chunk
  }
  return text
}

function withSource (limitBytes: number = 100, memory: ReplayMemory = memoryOf()): { source: PassThrough, body: ReplayBody, memory: ReplayMemory } {
  const source = new PassThrough()
  return { source, body: new ReplayBody(source, limitBytes, memory), memory }
}

test('a replay body — reads nothing of the client before somebody reads it', async t => {
  const { source, body } = withSource()
  source.write('abc')
  body.open()
  await turn()
  t.equal(source.readableLength, 3)
  t.equal(source.listenerCount('data'), 0)
})

test('a replay body — gives every reader the whole body, from its first byte', async t => {
  const { source, body, memory } = withSource()
  source.write('abc')
  const first = body.open()
  t.equal(await take(first, 3), 'abc')
  first.destroy()
  const second = body.open()
  t.equal(await take(second, 3), 'abc')
  source.end('def')
  t.equal(await textOf(second), 'def')
  t.equal(await textOf(body.open()), 'abcdef', 'also when the client has ended')
  t.equal(memory.usedBytes, 6)
})

test('a replay body — keeps exactly `limitBytes` — and one more is too much', async t => {
  const { source, body, memory } = withSource(6)
  const reader = body.open()
  source.write('abcdef')
  await take(reader, 6)
  t.equal(body.isReplayable, true)
  t.equal(memory.usedBytes, 6)
  source.write('g')
  t.equal(await take(reader, 1), 'g', 'the reader goes on')
  t.equal(body.isReplayable, false)
  t.equal(memory.usedBytes, 0, 'a record that is of no use takes no memory')
  t.throws(() => body.open(), /lost/)
})

test('a replay body — with a limit of 0 — is replayable until its first byte', async t => {
  const { source, body } = withSource(0)
  const reader = body.open()
  t.equal(body.isReplayable, true)
  source.write('a')
  await take(reader, 1)
  t.equal(body.isReplayable, false)
})

test('replay bodies — share their memory — and one that finds it full keeps nothing', async t => {
  const memory = memoryOf(5)
  const [one, two] = [withSource(100, memory), withSource(100, memory)]
  one.source.write('abc')
  two.source.write('def')
  await take(one.body.open(), 3)
  await take(two.body.open(), 3)
  t.same([one.body.isReplayable, two.body.isReplayable], [true, false])
  t.equal(memory.usedBytes, 3)
  one.body.release()
  t.equal(memory.usedBytes, 0)
})

test('a replay body — pauses the client — when its reader wants no more', async t => {
  const { source, body } = withSource(1e6, memoryOf(1e6))
  const reader = body.open()
  reader.read(0)
  source.write(Buffer.alloc(200_000))
  await turn()
  t.equal(source.isPaused(), true)
  t.ok(reader.readableLength > 0)
  reader.resume()
  source.end()
  await once(reader, 'end')
})

test('a replay body — pauses the client — while nobody reads', async t => {
  const { source, body } = withSource()
  const reader = body.open()
  source.write('abc')
  await take(reader, 3)
  reader.destroy()
  t.equal(source.isPaused(), true)
  source.write('def')
  await turn()
  t.equal(source.readableLength, 3)
  t.equal(await take(body.open(), 6), 'abcdef')
})

test('a replay body — that is released — gives back its memory once and is not opened again, and its reader goes on', async t => {
  const { source, body, memory } = withSource()
  const reader = body.open()
  source.write('abc')
  await take(reader, 3)
  body.release()
  body.release()
  t.equal(memory.usedBytes, 0)
  source.end('def')
  t.equal(await textOf(reader), 'def')
  t.equal(memory.usedBytes, 0)
  t.throws(() => body.open(), /lost/)
})

test('a replay body — that is released while nobody reads — lets the rest of the client run off', async t => {
  for (const releaseFirst of [true, false]) {
    const { source, body } = withSource()
    const reader = body.open()
    source.write('abc')
    await take(reader, 3)
    const steps = [() => body.release(), () => reader.destroy()]
    for (const step of releaseFirst ? steps : steps.reverse()) step()
    const ended = once(source, 'end')
    source.end(Buffer.alloc(500_000))
    await ended
    t.pass(`released ${releaseFirst ? 'before' : 'after'} its reader was destroyed`)
  }
})

test('a replay body — that is released before anybody read it — leaves the client alone', async t => {
  const { source, body } = withSource()
  source.write('abc')
  body.release()
  await turn()
  t.equal(source.readableLength, 3)
})

test("a replay body — passes on the client's error, once, and is not replayable", async t => {
  const { source, body } = withSource()
  const reader = body.open()
  reader.read(0)
  const failed = once(reader, 'error')
  source.destroy(new Error('no'))
  t.match((await failed)[0], { message: 'no' })
  t.match(body.error, { message: 'no' })
  t.equal(body.isReplayable, false)
})

test('a replay body — takes a client that closes too early for an error', async t => {
  const { source, body } = withSource()
  const reader = body.open()
  reader.read(0)
  const failed = once(reader, 'error')
  source.destroy()
  t.match((await failed)[0], { message: /closed the connection/ })
})

test('a replay body — takes no error from the close of a client that has ended', async t => {
  const { source, body } = withSource()
  source.end('abc')
  t.equal(await textOf(body.open()), 'abc')
  await turn()
  t.equal(source.destroyed, true)
  t.equal(body.error, null)
})

test('a replay body — fails at once — when somebody has read the client to its end, or destroyed it', async t => {
  const read = Readable.from(['abc'])
  await textOf(read)
  const destroyed = new PassThrough().destroy()
  for (const source of [read, destroyed]) {
    const body = new ReplayBody(source, 100, memoryOf())
    const reader = body.open()
    const failed = once(reader, 'error')
    reader.read(0)
    t.match((await failed)[0], { message: /before it could be sent/ })
    t.equal(body.isReplayable, false)
  }
})

test('a replay body — of text — is sent as its bytes', async t => {
  const memory = memoryOf()
  const body = new ReplayBody(Readable.from(['käse']), 100, memory)
  t.equal(await textOf(body.open()), 'käse')
  t.equal(memory.usedBytes, 5)
})

test('a replay body — an error that nobody listens to harms nobody', async t => {
  const { source, body } = withSource()
  const reader = body.open()
  reader.read(0)
  reader.destroy(new Error('unheard'))
  await turn()
  t.equal(source.destroyed, false, "an attempt's reader does not take the client with it")
})
