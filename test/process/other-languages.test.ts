import { test } from 'tap'
import { addressOf, freePort, isQuiet, needs, start, startNode, until } from '../support/process.js'
import { nodesOf, nodesUp, reasonsUntilLeft } from '../support/process-status.js'
import type { Test } from 'tap'
import type { Command } from '../support/process.js'

const secret = 'a secret of the tests of this package'

interface Language {
  readonly name: string
  readonly run: Command['run']
  readonly programs: readonly string[]
  /** What its server answers with. */
  readonly says: RegExp
}

const languages: readonly Language[] = [
  { name: 'curl in a shell loop', run: ['sh', 'examples/worker.sh'], programs: ['sh', 'curl', 'openssl', 'python3'], says: /Hello from a shell script/ },
  { name: 'plain Python', run: ['python3', 'examples/worker.py'], programs: ['python3'], says: /"service": "hello"/ }
]

async function startGateway (t: Test, env: Record<string, string> = {}) {
  const gateway = startNode(t, 'examples/gateway.js', { PORT: '0', ...env }, 'the gateway')
  return { gateway, address: await addressOf(gateway) }
}

for (const { name, run, programs, says } of languages) {
  for (const env of [{}, { HEARTBEAT_SECRET: secret }]) {
    const circumstance = Object.keys(env).length === 0 ? 'without a secret' : 'with a secret'

    test(`a worker of ${name} — registers, serves, drains and leaves — ${circumstance}`, needs(...programs), async t => {
      const { gateway, address } = await startGateway(t, env)
      const port = String(await freePort())
      const worker = start(t, { name, run, env: { PORT: port, GATEWAY: address, GATEWAYS: address, ...env } })

      const [node] = await nodesUp(address, 'hello', 1)
      t.equal(node?.origin, `http://127.0.0.1:${port}`)
      const answer = await fetch(`${address}/hello`)
      t.equal(answer.status, 200)
      t.match(await answer.text(), says)
      const leaseMs = async () => (await nodesOf(address, 'hello'))[0]?.leaseMs ?? 0
      await until(async () => await leaseMs() < 2500, 'time passes')
      await until(async () => await leaseMs() > 2500, 'its lease is renewed')

      worker.send('SIGTERM')
      t.same(await worker.exited, { code: 0, signal: null }, 'it ends by itself')
      t.same(await reasonsUntilLeft(gateway, `127.0.0.1:${port}`), ['registered', 'drain-announced', 'left'])
      t.same(await nodesOf(address, 'hello'), [])
      isQuiet(t, gateway)
    })
  }

  test(`a worker of ${name} — is told 401 and gets no request — with a wrong secret`, needs(...programs), async t => {
    const { gateway, address } = await startGateway(t, { HEARTBEAT_SECRET: secret })
    const worker = start(t, { name, run, env: { PORT: String(await freePort()), GATEWAY: address, GATEWAYS: address, HEARTBEAT_SECRET: 'not the secret of the gateway' } })
    await worker.line(/signature is wrong/)
    t.same(await nodesOf(address, 'hello'), [])
    t.equal((await fetch(`${address}/hello`)).status, 503)
    isQuiet(t, gateway)
  })
}
