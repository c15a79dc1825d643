import dns from 'node:dns'
import { mock } from 'node:test'

const addresses = ['127.0.0.1', '127.0.0.2'] as const

/** Lets `localhost` have two addresses until the test is over, as it has where there is IPv6. Gives both, the one that `app.server` will have first. */
export function twoAddresses (t: { teardown (task: () => void): void }): typeof addresses {
  const { lookup } = dns
  const both = addresses.map(address => ({ address, family: 4 }))
  const { mock: mocked } = mock.method(dns, 'lookup', (...args: Parameters<typeof lookup>) => {
    const [host, options, done] = args as unknown as [string, dns.LookupAllOptions, (error: null, found: unknown) => void]
    return host === 'localhost' && options.all === true ? done(null, both) : lookup(...args)
  })
  t.teardown(() => mocked.restore())
  return addresses
}
