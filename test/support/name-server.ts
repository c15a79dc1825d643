import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Test } from 'tap'

/** What a name has: addresses, or services on hosts. */
interface Entry {
  readonly ttl: number
  readonly a?: readonly string[]
  /** Written out, without `::`. */
  readonly aaaa?: readonly string[]
  readonly srv?: ReadonlyArray<{ priority: number, weight: number, port: number, name: string }>
  /** Questions for these get no answer but failure. */
  readonly failing?: ReadonlyArray<keyof typeof types>
}

export interface Zone {
  readonly [name: string]: Entry
}

export interface NameServer {
  /** `ip:port`, as `setServers` takes it. */
  readonly address: string
  /** The names that it was asked for. */
  readonly asked: readonly string[]
  /** null: it answers nothing but failure. */
  zone: Zone | null
}

const types = { a: 1, aaaa: 28, srv: 33 }
const codes = { ok: 0, failure: 2, unknown: 3 }

/** A name server on loopback that says what the test says (RFC 1035, RFC 2782). Closed with the test. */
export async function startNameServer (t: Test, zone: Zone | null): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  const server = { address: '', asked, zone }
  socket.on('message', (question, peer) => {
    const { name, type, end } = questionOf(question)
    asked.push(name)
    const entry = server.zone?.[name]
    const records = recordsOf(entry, type)
    const isFailing = server.zone === null || entry?.failing?.some(each => types[each] === type) === true
    const code = isFailing ? codes.failure : entry === undefined ? codes.unknown : codes.ok
    const head = Buffer.alloc(12)
    question.copy(head, 0, 0, 2)
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(records.length, 6)
    socket.send(Buffer.concat([head, question.subarray(12, end), ...records.map(data => recordBytes(type, entry?.ttl ?? 0, data))]), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  server.address = `127.0.0.1:${socket.address().port}`
  return server
}

function questionOf (message: Buffer): { name: string, type: number, end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function nameBytes (name: string): Buffer {
  return Buffer.concat([...name.split('.').map(label => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')), Buffer.from([0])])
}

function recordsOf ({ a = [], aaaa = [], srv = [] }: Partial<Entry> = {}, type: number): Buffer[] {
  if (type === types.a) return a.map(addressBytes)
  if (type === types.aaaa) return aaaa.map(longAddressBytes)
  return type === types.srv ? srv.map(serviceBytes) : []
}

function addressBytes (address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

function longAddressBytes (address: string): Buffer {
  return Buffer.from(address.split(':').map(group => group.padStart(4, '0')).join(''), 'hex')
}

function serviceBytes ({ priority, weight, port, name }: { priority: number, weight: number, port: number, name: string }): Buffer {
  const numbers = Buffer.alloc(6)
  for (const [index, value] of [priority, weight, port].entries()) numbers.writeUInt16BE(value, 2 * index)
  return Buffer.concat([numbers, nameBytes(name)])
}

function recordBytes (type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
