import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Test } from 'tap'

interface Pair { readonly client: Socket, readonly server: Socket, sent: string, isSilent: boolean }

/** A relay on loopback whose connections can go silent: they stay open, and nothing passes in either direction any more. */
export interface Relay {
  readonly port: number
  /** Where connections that come from now on lead to. */
  target: number
  /** Silences the connections that are open now, or those whose client has sent such text, for ever. */
  silence (sent?: RegExp): void
  /** Whether connections that come from now on are silent from the beginning. */
  areNewSilent: boolean
  readonly open: number
}

export async function startRelay (t: Test, target: number): Promise<Relay> {
  const pairs = new Set<Pair>()
  const server = createServer(client => {
    const pair: Pair = { client, server: connect(relay.target, '127.0.0.1'), sent: '', isSilent: relay.areNewSilent }
    pairs.add(pair)
    relaying(pair, () => pairs.delete(pair))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const pair of pairs) pair.client.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const relay = {
    port: address.port,
    target,
    areNewSilent: false,
    get open () { return pairs.size },
    silence (sent: RegExp = /^/) {
      for (const pair of pairs) pair.isSilent ||= sent.test(pair.sent)
    }
  }
  return relay
}

function relaying (pair: Pair, gone: () => void): void {
  const { client, server } = pair
  client.on('data', data => {
    pair.sent += data.toString('latin1')
    if (!pair.isSilent) server.write(data)
  })
  server.on('data', data => { if (!pair.isSilent) client.write(data) })
  for (const [one, other] of [[client, server], [server, client]] as const) {
    one.on('error', () => {})
    one.on('close', () => {
      other.destroy()
      gone()
    })
  }
}
